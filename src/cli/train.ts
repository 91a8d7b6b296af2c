import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { UserError } from "../errors.js";
import { configuration, runConfig } from "./configuration.js";
import { dryRun } from "./dry-run.js";
import { finish } from "./finish.js";
import { afterPretraining } from "./pretrain.js";
import { run } from "./run.js";

export interface TrainOptions {
  readonly preset: string;
  readonly method?: string;
  readonly seed?: number;
  readonly steps?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly dryRun?: boolean;
  readonly set: readonly string[];
  readonly data: string;
}

/** `cfcontra train`. */
export async function train(options: TrainOptions): Promise<void> {
  const { resume, data } = options;
  if (resume !== undefined) {
    return finish(
      await run({ config: runConfig(resume, options.set), out: resume, data, resume: true }),
      resume,
    );
  }
  const config = configuration(options);
  if (options.dryRun) return dryRun(config, data);
  const name = basename(options.preset, ".yaml");
  const out = options.out ?? join("runs", `${name}-${config.method}-${config.train.seed}`);
  if (existsSync(join(out, "config.yaml"))) {
    throw new UserError(
      `${out} holds a run already: --resume ${out} goes on with it, --out chooses another folder`,
    );
  }
  const ready = await afterPretraining(config, options.preset, out, data);
  if (ready) finish(await run({ config: ready, out, data }), out);
}
