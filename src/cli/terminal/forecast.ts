import { stringify } from "yaml";
import type { Counted, Forecast } from "../../experiment/index.js";
import { clock } from "./progress.js";

/** What a run would take, for a terminal: its whole configuration, then sizes and costs. */
export function forecastText(forecast: Forecast): string {
  const { config, source, target, evaluate, parameters, ...cost } = forecast;
  const set = ({ name, images }: Counted) => `${name}, ${images} images`;
  const millions = (n: number) => `${(n / 1e6).toFixed(1)} million`;
  const { steps, device } = config.train;
  const ahead = config.pretrain
    ? `; before it, once for all methods, ${config.pretrain.steps} of pretraining`
    : "";
  const seconds = cost.secondsPerStep.toFixed(2);
  const rows = [
    ["source", set(source)],
    ["target", set(target)],
    ...Object.entries(evaluate).map(([name, one]) => [name, set(one)]),
    [
      "parameters",
      `${millions(parameters.all)}, of which ${millions(parameters.trained)} are trained`,
    ],
    ["memory", `${cost.peakMemory} MiB at its peak so far`],
    ["step", `${seconds} s (median of ${cost.measuredSteps} on ${device})`],
    ["training", `${clock(cost.seconds)} for ${steps} steps, without evaluation${ahead}`],
  ] as [string, string][];
  return `${stringify(config)}\n${rows.map(([name, text]) => name.padEnd(12) + text).join("\n")}`;
}
