import { createHash } from "node:crypto";
import { type Dataset, IGNORE, type Sample } from "../../src/datasets/dataset.js";
import {
  createMethod,
  type Method,
  type MethodContext,
  type MethodName,
} from "../../src/methods/index.js";
import { createNetwork, type DecoderName, type Network } from "../../src/network/index.js";
import { heInit } from "../../src/nn/index.js";
import { dispose, manualSeed, type TensorMap } from "../../src/torch/index.js";
import { type StepReport, trainingSteps } from "../../src/train/index.js";
import { fixtureSize, sceneImage, sceneLabel } from "../datasets/fixtures.js";

/** The fixture scenes in three classes. */
export const tinyClasses = {
  names: ["sky", "upright", "ground"],
  colors: [
    [70, 130, 180],
    [70, 70, 70],
    [128, 64, 128],
  ],
} as const;

const trainIds: Record<number, number> = { 10: 0, 2: 1, 8: 1, 0: 2, 13: 2 };

/** Fixture scenes in memory. `relabel` changes the labels; "none" omits them. */
export function tinyDataset(
  count: number,
  { first = 0, relabel = (id: number): number => id }: TinyOptions = {},
): Dataset {
  const labelled = relabel !== "none";
  const samples = Array.from({ length: count }, (_, i): Sample => {
    const scene = sceneLabel(first + i);
    const sample = { name: `${i}`, ...fixtureSize, image: sceneImage(scene, first + i) };
    if (relabel === "none") return sample;
    return { ...sample, label: scene.map((id) => relabel(trainIds[id] ?? IGNORE)) };
  });
  return {
    ...{ name: "tiny", classes: tinyClasses, labelled, names: samples.map(({ name }) => name) },
    load: async (index) => samples[index] as Sample,
  };
}

interface TinyOptions {
  readonly first?: number;
  readonly relabel?: ((trainId: number) => number) | "none";
}

export interface TinyRun {
  readonly network: Network;
  readonly method: Method;
  /** Notes for the user. */
  readonly warnings: string[];
  dispose(): void;
}

export interface TinySetup {
  readonly method?: MethodName;
  readonly options?: object;
  readonly head?: "none" | "linear" | "moco" | "simclr" | "byol";
  readonly decoder?: DecoderName;
  readonly classes?: number;
  readonly width?: number;
  readonly seed?: number;
  readonly context?: Partial<MethodContext>;
}

/** A network of 64 features and a method over it, from a seed. */
export function tinyRun({
  method = "cfcontra",
  options = {},
  head = "moco",
  decoder = "deeplab-v2",
  classes = 3,
  width = 0.125,
  seed = 1,
  context = {},
}: TinySetup = {}): TinyRun {
  manualSeed(seed);
  const network = createNetwork({
    ...{ backbone: "resnet18", decoder, width, classes, head, init: heInit },
  });
  const warnings: string[] = [];
  const made = createMethod(method, network, options, {
    warn: (sentence) => warnings.push(sentence),
    ...context,
  });
  return {
    ...{ network, method: made, warnings },
    dispose() {
      made.dispose?.();
      dispose([network.parameters.all, made.state]);
    },
  };
}

/** Calls `use` with a run, then frees it. */
export async function using<T>(setup: TinySetup, use: (run: TinyRun) => Promise<T>): Promise<T> {
  const run = tinyRun(setup);
  try {
    return await use(run);
  } finally {
    run.dispose();
  }
}

export interface TinyLoop {
  readonly steps: number;
  readonly start?: number;
  /** The step after which the caller stops, as with Ctrl-C. */
  readonly stopAfter?: number;
  readonly schedule?: number;
  readonly warmup?: number;
  readonly seed?: number;
  readonly rate?: number;
  readonly source?: Dataset;
  readonly target?: Dataset;
  /** Read only by a method with `usesLabelledTarget`. */
  readonly labelledTarget?: Dataset;
}

/** Runs the loop over the fixtures, or over other data sets, and returns the report of every step. */
export async function trainTiny(
  { network, method }: TinyRun,
  {
    steps,
    schedule = steps,
    seed = 5,
    rate = 0.01,
    source = tinyDataset(4),
    target = tinyDataset(4, { first: 10, relabel: "none" }),
    labelledTarget = tinyDataset(3, { first: 10 }),
    stopAfter = steps,
    ...rest
  }: TinyLoop,
): Promise<StepReport[]> {
  const stream = (dataset: Dataset) => ({ dataset, size: fixtureSize, batch: 2 });
  const reports: StepReport[] = [];
  for await (const report of trainingSteps({
    ...{ network, method, steps, schedule, seed, rate, ...rest },
    ...{ source: stream(source), target: stream(target), labelledTarget: stream(labelledTarget) },
  })) {
    reports.push(report);
    if (report.step === stopAfter) break;
  }
  return reports;
}

/** A digest of every tensor by name, to compare bits. */
export function digests(tensors: TensorMap): Map<string, string> {
  const digest = (array: ArrayBufferView) =>
    createHash("sha256")
      .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
      .digest("base64");
  return new Map([...tensors].map(([name, tensor]) => [name, digest(tensor.typed())]));
}

/** The learnt state of a run: network, momentum, banks. */
export function everything({ network, method }: TinyRun): Map<string, string> {
  return new Map([...digests(network.parameters.all), ...prefix(digests(method.state))]);
}

function prefix(state: Map<string, string>): [string, string][] {
  return [...state].map(([name, bytes]) => [`method/${name}`, bytes]);
}
