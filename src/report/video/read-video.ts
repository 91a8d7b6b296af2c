import { extname } from "node:path";
import type { Readable } from "node:stream";
import { z } from "zod";
import type { Size } from "../../datasets/dataset.js";
import { UserError } from "../../errors.js";
import { missingPath } from "../../missing-path.js";
import { isFile } from "../../regular-file.js";
import { fileUrl, startFfmpeg } from "./ffmpeg.js";

/** Extensions of video files that are read, in lower case. */
export const VIDEO_EXTENSIONS = [".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v", ".mpg", ".mpeg"];

/** Whether a file is a video, by its extension. */
export const isVideo = (path: string): boolean =>
  VIDEO_EXTENSIONS.includes(extname(path).toLowerCase());

/** A video, read as every n-th frame. */
export interface Video extends Size {
  /** Frames per second of what is read, as a fraction. */
  readonly rate: { readonly numerator: number; readonly denominator: number };
  /** About how many frames are read; 0 if the file does not say. */
  readonly frames: number;
  /**
   * RGB frames, [height * width * 3].
   * @throws UserError if a frame is damaged
   */
  read(): AsyncGenerator<Uint8Array, void, undefined>;
}

/** What is asked of ffprobe. */
const probeSchema = z.object({
  streams: z
    .array(
      z.object({
        width: z.number().int().min(1),
        height: z.number().int().min(1),
        avg_frame_rate: z.string().regex(/^\d+\/\d+$/),
        nb_frames: z.coerce.number().optional(),
        side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
      }),
    )
    .min(1),
  format: z.object({ duration: z.coerce.number().optional() }).optional(),
});

/**
 * Opens a video file with FFmpeg. Its rotation is applied, as players do.
 * @param every read each `every`-th frame
 * @throws UserError if FFmpeg is not installed, or the file is missing or not a video
 */
export async function openVideo(path: string, every: number): Promise<Video> {
  if (!isFile(path)) throw missingPath(path, "a video file");
  const { streams, format } = await probe(path);
  const [stream] = streams as [(typeof streams)[number]];
  const turned = stream.side_data_list?.some(({ rotation = 0 }) => Math.abs(rotation) % 180 === 90);
  const [width, height] = turned ? [stream.height, stream.width] : [stream.width, stream.height];
  const [numerator = 0, denominator = 0] = stream.avg_frame_rate.split("/").map(Number);
  const known = numerator > 0 && denominator > 0;
  const rate = known ? { numerator, denominator } : { numerator: 25, denominator: 1 };
  const seconds = format?.duration ?? 0;
  const frames = stream.nb_frames ?? Math.round((seconds * rate.numerator) / rate.denominator);
  return {
    ...{ width, height, frames: Math.ceil(frames / every) },
    rate: { numerator: rate.numerator, denominator: rate.denominator * every },
    read: () => framesOf(path, rate, every, width * height * 3),
  };
}

async function probe(path: string): Promise<z.infer<typeof probeSchema>> {
  const entries =
    "stream=width,height,avg_frame_rate,nb_frames:stream_side_data=rotation:format=duration";
  const { process, failure } = startFfmpeg("ffprobe", [
    ...["-v", "error", "-select_streams", "v:0", "-show_entries", entries],
    ...["-of", "json", fileUrl(path)],
  ]);
  let text = "";
  for await (const chunk of process.stdout as Readable) text += chunk;
  const failed = await failure;
  const found = probeSchema.safeParse(failed === undefined ? JSON.parse(text) : undefined);
  if (found.success) return found.data;
  throw new UserError(
    "damaged-file",
    `${path} cannot be read as a video (${failed ?? "it has no pictures"}): expected a file that FFmpeg plays`,
  );
}

/** Frames at a constant rate, which is that of the video that is written; phones record at a varying one. */
async function* framesOf(
  path: string,
  rate: Video["rate"],
  every: number,
  bytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { process, failure } = startFfmpeg("ffmpeg", [
    ...["-v", "error", "-nostdin", "-xerror", "-err_detect", "explode", "-i", fileUrl(path)],
    ...[
      "-map",
      "0:v:0",
      "-vf",
      `fps=${rate.numerator}/${rate.denominator},framestep=${every}`,
      "-f",
      "rawvideo",
      "-pix_fmt",
      "rgb24",
      "pipe:1",
    ],
  ]);
  let frames = 0;
  let frame = new Uint8Array(bytes);
  let filled = 0;
  try {
    for await (const chunk of process.stdout as AsyncIterable<Uint8Array>) {
      for (let at = 0; at < chunk.length; ) {
        const part = chunk.subarray(at, at + bytes - filled);
        frame.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < bytes) continue;
        yield frame;
        frames++;
        frame = new Uint8Array(bytes);
        filled = 0;
      }
    }
    const failed = await failure;
    if (failed === undefined && filled === 0 && frames > 0) return;
    throw new UserError(
      "damaged-file",
      `${path}: the video is damaged after frame ${frames * every} (${failed ?? "it ends there"}): repair it ` +
        "with `ffmpeg -i VIDEO REPAIRED.mp4`, or use another copy",
    );
  } finally {
    process.kill();
  }
}
