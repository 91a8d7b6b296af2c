import { withAbsoluteRoots } from "../experiment/build.js";
import { open } from "../experiment/measure.js";
import { configuration } from "../experiment/presets.js";
import { dataCheck } from "./commands/data-check.js";
import { setOf } from "./set-of.js";
import type { Json } from "./terminal/print.js";

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
  { setOf: name, set, data, ...options }: CheckOptions,
): Promise<void> {
  const config = withAbsoluteRoots(configuration({ preset, set }), data);
  const dataset = await open(setOf(name, preset, config).spec, process.cwd());
  process.exitCode = await dataCheck({ dataset, ...options });
}
