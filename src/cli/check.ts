import { UserError } from "../errors.js";
import { withAbsoluteRoots } from "./build.js";
import { configuration } from "./configuration.js";
import { dataCheck } from "./data-check.js";
import { open } from "./measure.js";
import type { Json } from "./print.js";

export interface CheckOptions {
  readonly setOf: string;
  readonly out: string;
  readonly limit?: number;
  readonly json?: Json;
  readonly set: readonly string[];
  readonly data: string;
}

/** `cfcontra data check`: opens what a preset names, reads it whole and reports. */
export async function check(
  preset: string,
  { setOf, set, data, ...options }: CheckOptions,
): Promise<void> {
  const config = withAbsoluteRoots(configuration({ preset, set }), data);
  const specs = { source: config.source, target: config.target, ...config.evaluate };
  const spec = specs[setOf as keyof typeof specs];
  if (spec === undefined) {
    throw new UserError(
      `--set-of ${setOf}: ${preset} has ${Object.keys(specs).join(", ")}; name one of them`,
    );
  }
  const dataset = await open(spec, process.cwd());
  process.exitCode = await dataCheck({ dataset, ...options });
}
