import { UserError } from "../errors.js";
import type { Config } from "../experiment/config.js";

/** A data set of a configuration, and the key that it stands under. */
export interface ChosenSet {
  readonly spec: Config["source"];
  readonly key: string;
}

/**
 * What `--set-of` names: source or target, which are those that are trained on, or an evaluation set.
 * One of these that is called source or target, too, is `evaluate.source`.
 * @throws UserError naming those that there are
 */
export function setOf(name: string, preset: string, config: Config): ChosenSet {
  const trained = { source: config.source, target: config.target };
  const measured = Object.entries(config.evaluate).map(
    ([own, spec]) =>
      [
        Object.hasOwn(trained, own) ? `evaluate.${own}` : own,
        { spec, key: `evaluate.${own}` },
      ] as const,
  );
  const all = new Map<string, ChosenSet>([
    ...Object.entries(trained).map(([key, spec]) => [key, { spec, key }] as const),
    ...measured,
  ]);
  const chosen = all.get(name);
  if (chosen) return chosen;
  throw new UserError(
    `--set-of ${name}: ${preset} has ${[...all.keys()].join(", ")}; name one of them`,
  );
}
