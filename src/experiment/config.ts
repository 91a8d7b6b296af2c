import { z } from "zod";
import { checked } from "../checked.js";
import { augmentSchema, LEAST_BLUR } from "../datasets/augment.js";
import { MOST_PIXELS } from "../datasets/files/png.js";
import { INPUT_FORMATS, type InputName } from "../datasets/input-format.js";
import { samplingSchema } from "../datasets/rare-classes.js";
import { UserError } from "../errors.js";
import { METHODS, type MethodName, methods, OPTIMIZERS } from "../methods/index.js";
import {
  BACKBONES,
  type BackboneName,
  DECODERS,
  type DecoderName,
  OUTPUT_STRIDES,
  PROJECTION_HEADS,
} from "../network/index.js";
import { coderTrainingSchema, STYLES, type StyleName } from "../style/index.js";
import { DEVICE_NAME } from "../torch/index.js";

const whole = z.number().int();
const INPUTS = Object.keys(INPUT_FORMATS) as [InputName, ...InputName[]];
/** Width and height in pixels, also written as `[320, 160]`. */
const size = z.preprocess(
  (value, context) => {
    if (!Array.isArray(value)) return value;
    if (value.length === 2) return { width: value[0], height: value[1] };
    context.addIssue({ code: "custom", message: "expected [width, height]", input: value });
    return z.NEVER;
  },
  z
    .strictObject({ width: whole.min(16), height: whole.min(16) })
    .refine(({ width, height }) => width * height <= MOST_PIXELS, {
      error: `expected at most ${MOST_PIXELS} pixels`,
    }),
);
const dataset = z.looseObject({ type: z.string() }); // its own schema checks the rest
const labelledTarget = dataset.extend({
  /** Weight of the losses on these images, relative to those on source images. */
  weight: z.number().min(0).default(1),
});
/** Names of evaluation sets are also names of folders and keys of metrics. */
const setName = z.string().regex(/^(?!\.)[\p{L}\p{N} ._+-]{1,64}$/u, {
  error: "expected a name of at most 64 letters, digits, spaces and . _ + -, not starting with .",
});
const methodName = z.enum(METHODS as [MethodName, ...MethodName[]]);

const networkSchema = z.strictObject({
  backbone: z.enum(BACKBONES as [BackboneName, ...BackboneName[]]).default("resnet101"),
  /** Maps the backbone's features to logits (docs/presets.md). */
  decoder: z.enum(DECODERS as [DecoderName, ...DecoderName[]]).default("deeplab-v2"),
  /** The input format of images; by default the one that the backbone's published weights expect. */
  input: z.enum(INPUTS).optional(),
  /** Multiplies every channel count of the backbone. */
  width: z.number().min(0.03).max(16).default(1),
  /** Dilations of the decoder's atrous branches. Default: the published ones. */
  rates: z.array(whole.min(1)).min(1).optional(),
  /** Height and width of images divided by those of the features. */
  outputStride: z.literal(OUTPUT_STRIDES).default(8),
  head: z.enum(PROJECTION_HEADS).default("moco"),
  /** Initialisation of convolutions: the reference's N(0, 0.01), or He et al. for training from scratch. */
  init: z.enum(["normal", "he"]).default("normal"),
  /** The statistics that normalise in training: the batch's, or the fixed ones of the weights. */
  statistics: z.enum(["batch", "kept"]).default("batch"),
  /** The initial weights: a run, a checkpoint, a file of published weights (docs/weights.md), or `builtin:NAME`. */
  weights: z.string().optional(),
  /** What `weights` gives: every part of the network that the file has, or the backbone alone. */
  weightsFor: z.enum(["all", "backbone"]).default("all"),
});

const trainSchema = z.strictObject({
  steps: whole.min(1).default(120000),
  /** Step at which the poly schedule reaches 0. Default `steps`. */
  schedule: whole.min(1).optional(),
  /** Steps over which the rate rises linearly to the schedule's. */
  warmup: whole.min(0).default(0),
  /** Images of each domain in a step. */
  batch: whole.min(1).max(4096).default(1),
  rate: z.number().positive().default(2.5e-4),
  /** Rate of classifiers and projection, as a multiple of the backbone's. */
  headRate: z.number().positive().default(10),
  optimizer: z.enum(OPTIMIZERS).default("sgd"),
  momentum: z.number().min(0).max(1).default(0.9),
  /** adamw: decay of the averages of gradients and of their squares. */
  betas: z.tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)]).default([0.9, 0.999]),
  weightDecay: z.number().min(0).default(5e-4),
  /** Largest norm of the network's gradient; not clipped if omitted. */
  clip: z.number().positive().optional(),
  precision: z.enum(["float32", "bfloat16"]).default("bfloat16"),
  seed: whole.min(0).default(1234),
  /** Update backbone parameters several times a step, as the reference's optimiser does. */
  duplicateUpdates: z.boolean().default(false),
  gradientNorms: z.boolean().default(false),
  /** Decay of a running average of the network, which is evaluated instead of the network. */
  ema: z.number().gt(0).lt(1).optional(),
  /** Steps between checkpoints, and between evaluations (0: only at the end). */
  checkpointEvery: whole.min(1).default(2000),
  evaluateEvery: whole.min(0).default(0),
  /** The device: `auto` is the first GPU if there is one, else the CPU. */
  device: z
    .string()
    .regex(DEVICE_NAME, { error: "expected auto, cpu, cuda or cuda:N" })
    .default("auto"),
  /** GPUs: allow TF32 in convolutions and matrix products of float32. */
  tf32: z.boolean().default(false),
  /** GPUs: the same bits in every run. */
  deterministic: z.boolean().default(false),
  /** GPUs: let cuDNN time its algorithms for each shape. Default: unless `deterministic`. */
  benchmark: z.boolean().optional(),
  /** GPUs: capture a step once as a CUDA graph and replay it, where the method allows it. */
  graphs: z.boolean().default(true),
  /** Threads that read labels and augment images; 0: the training's own. Default 0 on the CPU. */
  workers: whole.min(0).max(64).optional(),
});

const styleSchema = z
  .strictObject({
    /** The style transfer from target to source images (docs/style.md). */
    method: z
      .enum(["none", ...STYLES, "adain"] as ["none", ...StyleName[], "adain"])
      .default("none"),
    /** The restyled domains. With both, images of both get one look, also in evaluation and prediction. */
    domains: z.enum(["source", "both"]).default("source"),
    /** Strength of the style: 0 does not change the image, 1 applies the style completely. */
    alpha: z.number().min(0).max(1).default(1),
    /** Style images whose statistics are averaged for one image. */
    images: whole.min(1).default(1),
    /** fourier: half the side of the exchanged window of frequencies, as a fraction of the image. */
    beta: z.number().positive().max(0.5).default(0.01),
    /** adain: encoder and decoder. A file of ours, which is trained if it does not exist; or published
     * files, of which the decoder is trained if only the encoder is given. If omitted, a coder is
     * trained for the run. */
    coder: z
      .union(
        [
          z.string(),
          z.strictObject({
            encoder: z.string(),
            decoder: z.string().optional(),
            /** MobileNetV2: the pixels that its weights expect. Default: torchvision's. */
            input: z.enum(INPUTS).optional(),
          }),
        ],
        {
          error: `expected a file, or { encoder, decoder } with files, or { encoder, input } with input ${INPUTS.join(", ")}`,
        },
      )
      .optional(),
    /** adain: settings for training a coder. */
    training: coderTrainingSchema.prefault({}),
    /** adain: give style images the content's colours first. */
    preserveColor: z.boolean().default(false),
    /** adain: add the details that the coder cannot reproduce; by default only with narrow coders. */
    residual: z.boolean().optional(),
  })
  .refine((style) => !style.preserveColor || style.method === "adain", {
    path: ["preserveColor"],
    error: "requires style.method adain: the other styles only change colours",
  })
  .refine((style) => !style.preserveColor || style.domains === "source", {
    path: ["preserveColor"],
    error:
      "keeps the colours of each image, which excludes a common look: set style.domains to source",
  });

const sizesSchema = z.strictObject({
  source: size,
  target: size,
  /** The input size in evaluation, and the size at which predictions are compared with labels. */
  evaluate: size,
  output: size.optional(),
});

/** zod silently removes a key of this name. */
function withoutPrototype(sets: unknown, context: z.RefinementCtx): unknown {
  if (typeof sets === "object" && sets !== null && Object.hasOwn(sets, "__proto__")) {
    context.addIssue({ code: "custom", message: "__proto__ is not a name", input: sets });
  }
  return sets;
}

const methodOptions = Object.fromEntries(
  METHODS.map((name) => [name, methods[name].options.optional()]),
) as { [Name in MethodName]: z.ZodOptional<(typeof methods)[Name]["options"]> };

/** The run that this one starts from: a method to train, or the folder of an existing run. */
const afterSchema = z.preprocess(
  (value) => (typeof value === "string" ? { run: value } : value),
  z
    .strictObject({
      method: methodName.optional(),
      /** Default: those of the configuration. */
      steps: whole.min(1).optional(),
      rate: z.number().positive().optional(),
      augment: augmentSchema.optional(),
      /** Its run folder; trained if it is missing and `method` is given. */
      run: z.string().optional(),
    })
    .refine(({ method, run }) => method !== undefined || run !== undefined, {
      error: "expected a method, or the folder of a run",
    })
    .refine((after) => after.method !== undefined || Object.keys(after).length === 1, {
      path: ["method"],
      error: "is missing: steps, rate and augment apply only to a run that is trained",
    }),
);

/** The configuration of a run. Most defaults are published values; presets state the differences. */
export const configSchema = z.strictObject({
  method: methodName.default("cfcontra"),
  /** Options by method. A run reads those of its own method. */
  options: z.strictObject(methodOptions).default({}),
  network: networkSchema.prefault({}),
  source: dataset,
  target: dataset,
  /** Labelled target images that every method learns from, in addition to the source. */
  labelledTarget: labelledTarget.optional(),
  /** Labelled sets for evaluation, by name. Tables show the first. */
  evaluate: z.preprocess(
    withoutPrototype,
    z.record(setName, dataset).refine((sets) => Object.keys(sets).length > 0, {
      error:
        "expected a labelled data set for evaluation; if the target does not have labels, use the source",
    }),
  ),
  sizes: sizesSchema,
  style: styleSchema.prefault({}),
  /** Random changes of the training images of both domains. */
  augment: augmentSchema.prefault({}),
  sampling: samplingSchema.prefault({}),
  train: trainSchema
    .refine(({ warmup, steps }) => warmup <= steps, {
      path: ["warmup"],
      error: "is longer than the whole training, train.steps; decrease it, or remove it",
    })
    .prefault({}),
  /**
   * A pretraining on the source, from which every method starts. It starts from `network.weights`, if given.
   * Without it, methods start from `network.weights`.
   */
  pretrain: z
    .strictObject({
      steps: whole.min(1),
      rate: z.number().positive(),
      augment: augmentSchema.optional(),
      /** Its run folder: created if it is missing, otherwise shared. */
      run: z.string().optional(),
    })
    .optional(),
  /**
   * A run of another method whose weights this one starts from, trained if it is missing. All other
   * settings are those of this configuration, including the pretraining.
   */
  after: afterSchema.optional(),
});

/** A checked configuration, with all defaults filled in. */
export type Config = z.infer<typeof configSchema>;
/** A configuration as written by a user. */
export type ConfigInput = z.input<typeof configSchema>;

/**
 * Checks a raw configuration and fills in the defaults.
 * @throws UserError with the first key that is wrong, and the nearest known one
 */
export function parseConfig(raw: unknown, where = "configuration"): Config {
  const config = checked(configSchema, raw, where);
  requireOneSize(config, where);
  return config;
}

function requireOneSize({ method, sizes: { source, target } }: Config, where: string): void {
  if (!("oneSize" in methods[method])) return;
  if (source.width === target.width && source.height === target.height) return;
  throw new UserError(
    "size-mismatch",
    `${where}: ${method} mixes images of both domains, but sizes.source (${source.width}x${source.height}) and ` +
      `sizes.target (${target.width}x${target.height}) differ: make them equal`,
  );
}

/** Streams of random numbers have seeds of 32 bits, 16 of them for each seed of a run. */
const LARGEST_SEED = 2 ** 28 - 1;

/**
 * Requires that the settings of a new run do something. (A run that was made with others still opens.)
 * @throws UserError if the method would begin after the end of the training, or the schedule end before it, for
 *   a blur that nobody sees, or for a seed with the random numbers of a smaller one
 */
export function requireEffect(config: Config, where: string): void {
  const { method, options, train, after, augment } = config;
  const refuse = (why: string) => new UserError("invalid-value", `${where}: ${why}`);
  const own = options[method];
  if (own !== undefined && "warmup" in own && own.warmup >= train.steps) {
    throw refuse(
      `options.${method}.warmup is ${own.warmup}, but the training ends after ${train.steps} steps (train.steps): ` +
        "decrease it, or remove it",
    );
  }
  const longest = Math.max(train.steps, after?.steps ?? 0);
  if (train.schedule !== undefined && train.schedule < longest) {
    throw refuse(
      `train.schedule is ${train.schedule}, so the rate would be 0 from there to the end of the ${longest} steps: ` +
        "increase it, or remove it",
    );
  }
  if (augment.blur > 0 && augment.blur <= LEAST_BLUR) {
    throw refuse(`augment.blur: ${LEAST_BLUR} or less changes nothing: set it to 0, or to more`);
  }
  if (train.seed > LARGEST_SEED) {
    throw refuse(
      `train.seed is ${train.seed}, which has the random numbers of a smaller seed: set it to at most ${LARGEST_SEED}`,
    );
  }
}
