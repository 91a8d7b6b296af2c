import { z } from "zod";
import { checked } from "../checked.js";
import { augmentSchema } from "../datasets/augment.js";
import { MOST_PIXELS } from "../datasets/files/png.js";
import { INPUT_FORMATS, type InputName } from "../datasets/input-format.js";
import { samplingSchema } from "../datasets/rare-classes.js";
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

const whole = z.number().int();
/** Width and height in pixels; `[320, 160]` is short for it. */
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
  /** Weight of the losses on these images; those on the source have weight 1. */
  weight: z.number().min(0).default(1),
});
/** Names of evaluation sets are names of folders and keys of metrics, too. */
const setName = z.string().regex(/^(?!\.)[\p{L}\p{N} ._+-]{1,64}$/u, {
  error: "expected a name of at most 64 letters, digits, spaces and . _ + -, not starting with .",
});
const methodName = z.enum(METHODS as [MethodName, ...MethodName[]]);

const networkSchema = z.strictObject({
  backbone: z.enum(BACKBONES as [BackboneName, ...BackboneName[]]).default("resnet101"),
  /** What makes logits of the backbone's features (docs/presets.md). */
  decoder: z.enum(DECODERS as [DecoderName, ...DecoderName[]]).default("deeplab-v2"),
  /** What pixels become before they enter; what the backbone's published weights expect if omitted. */
  input: z.enum(Object.keys(INPUT_FORMATS) as [InputName, ...InputName[]]).optional(),
  /** Multiplies every channel count of the backbone. */
  width: z.number().positive().default(1),
  /** Dilations of the decoder's atrous branches; the published ones when omitted. */
  rates: z.array(whole.min(1)).min(1).optional(),
  /** Height and width of images divided by those of the features. */
  outputStride: z.literal(OUTPUT_STRIDES).default(8),
  head: z.enum(PROJECTION_HEADS).default("moco"),
  /** How convolutions start: the reference's N(0, 0.01), or He et al. for training from scratch. */
  init: z.enum(["normal", "he"]).default("normal"),
  /** Whose statistics normalise in training: the batch's, or those of the weights, kept as they are. */
  statistics: z.enum(["batch", "kept"]).default("batch"),
  /** A run, a checkpoint, or a file of published weights (docs/weights.md): where training starts. */
  weights: z.string().optional(),
});

const trainSchema = z.strictObject({
  steps: whole.min(1).default(120000),
  /** Step at which the poly schedule would reach 0; `steps` when omitted. */
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
  device: z.string().default("cpu"),
});

const styleSchema = z
  .strictObject({
    /** How source images get the look of the target's (docs/style.md); none leaves them alone. */
    method: z
      .enum(["none", ...STYLES, "adain"] as ["none", ...StyleName[], "adain"])
      .default("none"),
    /** Which domains are restyled: both go towards one look, and evaluation and prediction follow. */
    domains: z.enum(["source", "both"]).default("source"),
    /** 0 leaves the image as it is, 1 takes the style whole. */
    alpha: z.number().min(0).max(1).default(1),
    /** Style images whose statistics are averaged for one image. */
    images: whole.min(1).default(1),
    /** fourier: half the side of the exchanged window of frequencies, as a share of the image. */
    beta: z.number().positive().max(0.5).default(0.01),
    /** adain: encoder and decoder. A file of ours, made by training where it does not exist yet; or
     * published files: the decoder is trained where only the encoder is given. Without it, a coder
     * is trained for the run. */
    coder: z
      .union([z.string(), z.strictObject({ encoder: z.string(), decoder: z.string().optional() })])
      .optional(),
    /** adain: how a coder is trained. */
    training: coderTrainingSchema.prefault({}),
    /** adain: give style images the content's colours first. */
    preserveColor: z.boolean().default(false),
    /** adain: keep what the coder cannot reproduce; by default with narrow coders. */
    residual: z.boolean().optional(),
  })
  .refine((style) => !style.preserveColor || style.method === "adain", {
    path: ["preserveColor"],
    error: "is for style.method adain: the other styles change nothing but colours",
  })
  .refine((style) => !style.preserveColor || style.domains === "source", {
    path: ["preserveColor"],
    error: "keeps each image's own colours, which one common look cannot: use style.domains source",
  });

const sizesSchema = z.strictObject({
  source: size,
  target: size,
  /** What the network sees in evaluation, and where its logits meet the labels. */
  evaluate: size,
  output: size.optional(),
});

/** zod leaves out a key of this name without a word. */
function withoutPrototype(sets: unknown, context: z.RefinementCtx): unknown {
  if (typeof sets === "object" && sets !== null && Object.hasOwn(sets, "__proto__")) {
    context.addIssue({ code: "custom", message: "__proto__ is not a name", input: sets });
  }
  return sets;
}

const methodOptions = Object.fromEntries(
  METHODS.map((name) => [name, methods[name].options.optional()]),
) as { [Name in MethodName]: z.ZodOptional<(typeof methods)[Name]["options"]> };

/** The run that this one starts from: how to train it, or the folder of an existing one. */
const afterSchema = z.preprocess(
  (value) => (typeof value === "string" ? { run: value } : value),
  z
    .strictObject({
      method: methodName.optional(),
      /** Those of the configuration if omitted. */
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

/** A whole run. Defaults are the reference's; presets state what differs. */
export const configSchema = z.strictObject({
  method: methodName.default("cfcontra"),
  /** Options of the methods, by method; each run reads its own. */
  options: z.strictObject(methodOptions).default({}),
  network: networkSchema.prefault({}),
  source: dataset,
  target: dataset,
  /** Labelled target images that every method learns from, in addition to the source. */
  labelledTarget: labelledTarget.optional(),
  /** Labelled sets to measure on, by name. The first is the one that tables show. */
  evaluate: z.preprocess(
    withoutPrototype,
    z.record(setName, dataset).refine((sets) => Object.keys(sets).length > 0, {
      error: "expected a labelled data set to measure on; if the target has no labels, the source",
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
      error: "is longer than the whole training, train.steps; lower it, or leave it out",
    })
    .prefault({}),
  /**
   * A pretraining on the source alone, which starts from `network.weights` if they are given, and from
   * which every method starts. Without it, methods start from `network.weights` themselves.
   */
  pretrain: z
    .strictObject({
      steps: whole.min(1),
      rate: z.number().positive(),
      augment: augmentSchema.optional(),
      /** Its run folder: made where it is missing, shared where it is there. */
      run: z.string().optional(),
    })
    .optional(),
  /**
   * A run of another method whose weights this one starts from, trained if it is missing. All other
   * settings are those of this configuration, including the pretraining.
   */
  after: afterSchema.optional(),
});

/** A checked configuration, with every default filled in. */
export type Config = z.infer<typeof configSchema>;
/** A configuration as a user writes it. */
export type ConfigInput = z.input<typeof configSchema>;

/**
 * Checks a raw configuration and fills in the defaults.
 * @throws UserError naming the first key that is wrong, and the nearest known one
 */
export const parseConfig = (raw: unknown, where = "configuration"): Config =>
  checked(configSchema, raw, where);
