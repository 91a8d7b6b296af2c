import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { UserError } from "../errors.js";
import { scoreTable } from "../report/score-table.js";
import { type Config, override, parseConfig } from "./config.js";
import { configuration } from "./configuration.js";
import { dryRun } from "./dry-run.js";
import { clock } from "./progress.js";
import { type RunResult, run } from "./run.js";

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
  finish(await run({ config, out, data }), out);
}

/** The configuration of an existing run, changed by `set`. */
export function runConfig(out: string, set: readonly string[]): Config {
  const path = join(out, "config.yaml");
  if (!existsSync(path)) {
    throw new UserError(`${out} is no run folder: expected ${path}, which \`train\` writes`);
  }
  const raw = parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  for (const assignment of set) override(raw, assignment);
  return parseConfig(raw, path);
}

function finish(result: RunResult, out: string): void {
  if (!result.complete) {
    process.stderr.write(
      `stopped after step ${result.steps}; go on with: cfcontra train --resume ${out}\n`,
    );
    process.exitCode = 130;
    return;
  }
  process.stdout.write(`${scoreTable(result.classes, result.scores)}\n`);
  const { method, steps, seconds, waiting } = result;
  process.stdout.write(
    `${method}, ${steps} steps in ${clock(seconds)} (${(waiting * 100).toFixed(1)} % of it waiting for data)\n` +
      `run folder: ${out} (pictures in previews/)\n`,
  );
}
