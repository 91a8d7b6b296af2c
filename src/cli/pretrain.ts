import { basename, join } from "node:path";
import { configuration } from "./configuration.js";
import { type TrainOptions, train } from "./train.js";

/**
 * `cfcontra pretrain`: source-only training whose result every row of a comparison starts from, so
 * that the rows differ in their method alone.
 */
export async function pretrain(options: Omit<TrainOptions, "method">): Promise<void> {
  const { preset, data, resume } = options;
  const { seed } = configuration(options).train;
  const name = basename(preset, ".yaml");
  const out = resume ?? options.out ?? join("runs", `${name}-pretrained-${seed}`);
  await train({ ...options, out, method: "source-only" });
  if (process.exitCode) return; // stopped, and told how to go on
  process.stdout.write(
    `start from it with: cfcontra train --preset ${preset} --data ${data} --method cfcontra ` +
      `--set network.weights=${out}\n`,
  );
}
