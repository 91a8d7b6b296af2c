import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { train } from "../train/index.js";
import { withAbsoluteRoots } from "./build.js";
import type { Config } from "./config.js";
import { clock } from "./progress.js";
import { prepare } from "./run.js";

const MEASURED = 3;

/**
 * What a run would be: its whole configuration, its size, and time and memory as a few real steps on
 * its own data take them. What the method does once before it begins (first prototypes) is left
 * out. Nothing is kept.
 */
export async function dryRun(raw: Config, data: string): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "cfcontra-dry-run-"));
  try {
    const config = withAbsoluteRoots(raw, data);
    const parts = await prepare(config, scratch, false);
    const { before: _, ...method } = parts.method;
    const { domains, network } = parts;
    const { steps } = config.train;
    const times: number[] = [];
    for await (const { seconds } of train({ ...parts.loop, method, steps: MEASURED + 1 })) {
      times.push(seconds);
    }
    const perStep = median(times.slice(1)); // the first one warms up
    const count = (tensors: Iterable<{ readonly shape: readonly number[] }>) =>
      [...tensors].reduce((sum, { shape }) => sum + shape.reduce((n, side) => n * side, 1), 0);
    const millions = (n: number) => `${(n / 1e6).toFixed(1)} million`;
    const rows = [
      ["source", `${domains.source.name}, ${domains.source.names.length} images`],
      ["target", `${domains.target.name}, ${domains.target.names.length} images`],
      ...[...domains.evaluate].map(([name, set]) => [
        name,
        `${set.name}, ${set.names.length} images`,
      ]),
      [
        "parameters",
        `${millions(count(network.parameters.all.values()))}, of which ` +
          `${millions(count(network.parameters.trainable.values()))} are trained`,
      ],
      ["memory", `${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at its peak so far`],
      ["step", `${perStep.toFixed(2)} s (median of ${MEASURED} on ${config.train.device})`],
      ["training", `${clock(perStep * steps)} for ${steps} steps, without evaluation`],
    ];
    process.stdout.write(
      `${stringify(config)}\n${rows.map(([name, text]) => `${(name as string).padEnd(12)}${text}`).join("\n")}\n`,
    );
    parts.records?.status.end("stopped");
    parts.dispose();
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
