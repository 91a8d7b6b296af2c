import type { Counted, Forecast } from "../../experiment/index.js";
import { clock } from "./progress.js";

/** The estimate of a run's size, time and memory as text. */
export function forecastText(forecast: Forecast): string {
  const { config, source, target, labelledTarget, evaluate, parameters, ...cost } = forecast;
  const set = ({ name, images }: Counted) => `${name}, ${images} images`;
  const measured = Object.entries(evaluate);
  const millions = (n: number) => `${(n / 1e6).toFixed(1)} million`;
  const { steps, device } = config.train;
  const { pretrain, after } = config;
  const pretraining = pretrain
    ? `; before it, once for all methods, ${pretrain.steps} of pretraining`
    : "";
  const first = after?.method ? `; before it, ${after.steps ?? steps} of ${after.method}` : "";
  const ahead = pretraining + first;
  const seconds = cost.secondsPerStep.toFixed(2);
  const rows = [
    ["train source", set(source)],
    ["train target", set(target)],
    ...(labelledTarget ? [["labelled target", set(labelledTarget)]] : []),
    ...measured.map(([name, one]) => [`evaluate ${name}`, set(one)]),
    [
      "parameters",
      `${millions(parameters.all)}, of which ${millions(parameters.trained)} are trained`,
    ],
    ["memory", `${cost.peakMemory} MiB at its peak so far`],
    ["step", `${seconds} s (median of ${cost.measuredSteps} on ${device})`],
    ["training", `${clock(cost.seconds)} for ${steps} steps, without evaluation${ahead}`],
  ] as [string, string][];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, text]) => name.padEnd(width) + text).join("\n");
}

/** One measured step, and the estimate for the whole run. */
export const stepText = (seconds: number, step: number, steps: number): string =>
  `step ${step}: ${seconds.toFixed(2)} s` +
  (step === 1 ? ", including one-time work" : `, so ${clock(seconds * steps)} for ${steps} steps`);
