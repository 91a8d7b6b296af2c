import { once } from "node:events";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, extname } from "node:path";
import type { Writable } from "node:stream";
import type { Size } from "../../datasets/dataset.js";
import { UserError, writing } from "../../errors.js";
import { partFor } from "../../write-atomically.js";
import { type Ffmpeg, fileUrl, startFfmpeg } from "./ffmpeg.js";
import type { Video } from "./read-video.js";

/** FFmpeg's names of the containers that are written, by extension. */
const CONTAINERS: Readonly<Record<string, string>> = {
  ".mp4": "mp4",
  ".mov": "mov",
  ".mkv": "matroska",
  ".webm": "webm",
  ".avi": "avi",
};

/** A video that is written frame by frame, and appears when it is complete. */
export interface VideoFile {
  /** Adds RGB pixels [height * width * 3]. */
  add(frame: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/** @throws UserError unless a video can be written under this name */
export function requireVideoName(path: string): void {
  if (Object.hasOwn(CONTAINERS, extname(path).toLowerCase())) return;
  throw new UserError(
    "conflicting-options",
    `--out ${path}: a video is written to one file: choose a name that ends in ` +
      `${Object.keys(CONTAINERS).join(", ")}, such as --out overlay.mp4`,
  );
}

/** Writes a video with FFmpeg, in the codec that it chooses for the container. */
export function writeVideo(
  path: string,
  { width, height }: Size,
  { numerator, denominator }: Video["rate"],
): VideoFile {
  const temporary = partFor(path);
  let encoder: Ffmpeg | undefined;
  const start = () => {
    writing(path, () => mkdirSync(dirname(path), { recursive: true }));
    process.once("exit", abandon); // a second Ctrl-C ends the process immediately
    return startFfmpeg("ffmpeg", [
      ...["-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", `${width}x${height}`],
      ...["-framerate", `${numerator}/${denominator}`, "-i", "pipe:0"],
      // Players expect 4:2:0, which needs even sides.
      ...["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p"],
      ...["-f", CONTAINERS[extname(path).toLowerCase()] as string, fileUrl(temporary)],
    ]);
  };
  const abandon = () => {
    encoder?.process.kill("SIGKILL");
    rmSync(temporary, { force: true });
  };
  const requireSuccess = async ({ failure }: Ffmpeg) => {
    const failed = await failure;
    if (failed === undefined) return;
    throw new UserError(
      "not-writable",
      `cannot write ${path}: ${failed}; check the path and the free space`,
    );
  };
  return {
    async add(frame) {
      encoder ??= start();
      const input = encoder.process.stdin as Writable;
      if (input.write(frame)) return;
      const ended = requireSuccess(encoder);
      await Promise.race([once(input, "drain").catch(() => ended), ended]); // FFmpeg may close its input
    },
    async finish() {
      if (encoder === undefined) return;
      encoder.process.stdin?.end();
      await requireSuccess(encoder);
      writing(path, () => renameSync(temporary, path));
      process.off("exit", abandon);
    },
    async discard() {
      encoder?.process.kill("SIGKILL");
      await encoder?.failure.catch(() => {});
      abandon();
      process.off("exit", abandon);
    },
  };
}
