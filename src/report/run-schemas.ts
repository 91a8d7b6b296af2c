import { z } from "zod";

// What tables and pages need of the files of a run folder. Versions differ and disks fail: other keys pass, and
// a key that is missing or of another type is one clear error.

const step = z.number();
const text = z.string();
const matrix = <T extends z.ZodType>(entry: T) =>
  z
    .array(z.array(entry))
    .refine((rows) => rows.every((row) => row.length === rows.length), "expected a square table");
const cosines = matrix(z.number().nullable());
const table = z.looseObject({});

export const configFile = z.looseObject({
  method: text,
  source: table,
  target: table,
  labelledTarget: table.optional(),
  evaluate: z.record(text, table),
  network: table.optional(),
  sizes: table.optional(),
  style: table.optional(),
  options: z.record(text, table).optional(),
  train: z.looseObject({ seed: z.number(), steps: z.number() }),
});

export const statusFile = z.looseObject({
  state: z.enum(["running", "complete", "stopped", "failed"]),
  ...{ method: text, seed: z.number(), step, steps: z.number() },
  ...{ started: text, updated: text, pid: z.number(), host: text, error: text.optional() },
});

export const environmentFile = z.looseObject({
  ...{ command: text, node: text, libtorch: text, platform: text, processor: text },
  ...{ threads: z.number(), memoryGiB: z.number(), device: text, host: text },
  gpu: z
    .looseObject({
      ...{ name: text.optional(), memoryGiB: z.number().optional(), driver: text.optional() },
      ...{ cuda: text, cudnn: text.optional(), tf32: z.boolean(), deterministic: z.boolean() },
    })
    .optional(),
});

export const classesFile = z
  .object({ names: z.array(text), colors: z.array(z.array(z.number()).length(3)) })
  .refine(
    ({ names, colors }) => colors.length === names.length,
    "expected a colour for every name",
  );

export const lossesFile = z.record(text, z.number());

export const confusionFile = z.object({ step, sets: z.record(text, matrix(z.number())) });

const points = z
  .object({
    ...{ x: z.array(z.number()), y: z.array(z.number()) },
    ...{ domain: z.array(z.number()), class: z.array(z.number()) },
  })
  .refine(
    (all) => new Set(Object.values(all).map(({ length }) => length)).size === 1,
    "expected lists of one length",
  );
export const featuresFile = z.object({ before: points.optional(), after: points });

const scores = z.looseObject({
  iou: z.array(z.number().nullable()),
  miou: z.number().nullable(),
  accuracy: z.number().nullable(),
});
export const resultFile = z
  .looseObject({
    ...{ method: text, seed: z.number(), steps: z.number(), seconds: z.number() },
    ...{ waiting: z.number(), classes: z.array(text), scores: z.record(text, scores) },
    gpuMemory: z.looseObject({ peak: z.number(), reserved: z.number() }).optional(),
    ema: z.number().optional(),
  })
  .refine(
    ({ classes, scores }) =>
      Object.values(scores).every(({ iou }) => iou.length === classes.length),
    "expected a score for every class",
  );

export const metricsLine = z.looseObject({ step }).catchall(z.number());
export const noteLine = z.looseObject({ step, level: z.enum(["note", "warning"]), text });
export const prototypesLine = z.object({
  step,
  source: cosines,
  target: cosines,
  across: cosines,
});
