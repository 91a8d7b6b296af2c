import { z } from "zod";
import { UserError } from "../errors.js";

type Metadata = Readonly<Record<string, string>>;

const FORMAT = "cfcontra-2";
const WITHOUT_CHECKSUM = "cfcontra-1";

/** A step, as text. */
const step = z
  .string()
  .regex(/^\d{1,15}$/, { error: "expected a whole number" })
  .transform(Number);

/** A value that is stored as JSON. */
const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: "custom", message: "expected JSON" });
        return z.NEVER;
      }
    })
    .pipe(schema);

const infoSchema = z.object({
  step,
  method: z.string(),
  classes: json(z.array(z.string()).min(1)),
  /** The network's part of the configuration. */
  network: json(z.looseObject({ backbone: z.string().optional(), input: z.string().optional() })),
  /** The coarse stage of the training; not recorded by old versions. */
  stage: json(
    z.object({
      method: z.string(),
      domains: z.string().optional(),
      alpha: z.number().optional(),
      /** Of fourier, if prediction restyles. */
      beta: z.number().optional(),
      /** Of adain, if prediction restyles; null: its default. */
      residual: z.boolean().nullable().optional(),
      /** Of the files that prediction reads, if it restyles. */
      digest: z.string().optional(),
    }),
  ).optional(),
  /** The running average in the method's state, if it is evaluated instead of the network. */
  average: json(z.object({ decay: z.number().gt(0).lt(1), prefix: z.string() })).optional(),
});

/** The metadata of a checkpoint. */
export type CheckpointInfo = Omit<Readonly<z.infer<typeof infoSchema>>, "classes"> & {
  readonly classes: readonly string[];
};

/** Decay of a running average, and the prefix of its tensors in the method's state. */
export type AverageInfo = NonNullable<CheckpointInfo["average"]>;

/** The coarse stage that a network was trained behind. */
export type StageRecord = NonNullable<CheckpointInfo["stage"]>;

/** Whether a file of tensors with this metadata is a checkpoint. */
export const isCheckpoint = ({ format }: Metadata): boolean =>
  format === FORMAT || format === WITHOUT_CHECKSUM;

/** Whether a checkpoint with this metadata must have a checksum. */
export const needsChecksum = ({ format }: Metadata): boolean => format === FORMAT;

/** The metadata of a checkpoint as the strings of a safetensors file. */
export const metadataOf = (info: CheckpointInfo): Record<string, string> => ({
  format: FORMAT,
  step: String(info.step),
  method: info.method,
  classes: JSON.stringify(info.classes),
  network: JSON.stringify(info.network),
  ...(info.stage !== undefined && { stage: JSON.stringify(info.stage) }),
  ...(info.average !== undefined && { average: JSON.stringify(info.average) }),
});

/**
 * What the metadata of a file contain; undefined if it is not a checkpoint.
 * @throws UserError naming the first entry of a checkpoint's metadata that is missing or malformed
 */
export function infoIn(path: string, metadata: Metadata): CheckpointInfo | undefined {
  if (!isCheckpoint(metadata)) return undefined;
  const parsed = infoSchema.safeParse(metadata);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const message = issue?.message.replace(/^Invalid input: /, "");
  throw new UserError(
    "damaged-file",
    `${path} is damaged: its metadata, ${issue?.path.join(".")}: ${message}; use another copy of it`,
    { cause: parsed.error },
  );
}
