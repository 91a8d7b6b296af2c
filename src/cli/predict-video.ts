import { resolve } from "node:path";
import { overlay } from "../datasets/colorize.js";
import { UserError } from "../errors.js";
import { isVideo, openVideo } from "../report/video/read-video.js";
import { requireVideoName, writeVideo } from "../report/video/write-video.js";
import { requireNew } from "./new-files.js";
import type { Predictor } from "./predictor.js";
import { interruptible, throwIfStopped } from "./terminal/interruption.js";
import { listening } from "./terminal/listener.js";
import { type Json, print } from "./terminal/print.js";

/** Options of `predict` for a video. */
export interface VideoOptions {
  readonly out: string;
  /** Predict each `every`-th frame. */
  readonly every?: number;
  readonly format: string;
  readonly json?: Json;
}

/**
 * The video among the inputs of `predict`; undefined if they are images.
 * @throws UserError if there is more than a video, or options do not fit what there is
 */
export function videoAmong(
  inputs: readonly string[],
  { out, every, format }: VideoOptions,
): string | undefined {
  const [video] = inputs.filter(isVideo);
  if (video === undefined) {
    if (every === undefined) return undefined;
    throw new UserError("conflicting-options", "--every selects frames of a video: leave it out");
  }
  if (inputs.length > 1) {
    throw new UserError(
      "conflicting-options",
      `${video} is a video, which is predicted alone: leave the other inputs out`,
    );
  }
  if (format !== "ids") {
    throw new UserError(
      "conflicting-options",
      `--format ${format} writes labels of images, but ${video} is a video: leave it out`,
    );
  }
  if (every === 0) {
    throw new UserError("invalid-value", "--every 0: expected 1 for every frame, 2, 3, ...");
  }
  requireVideoName(out);
  if (resolve(out) === resolve(video)) {
    throw new UserError(
      "conflicting-options",
      `--out ${out} is the video itself: choose another file`,
    );
  }
  requireNew([out], "choose another file with --out");
  return video;
}

/** Writes a video of the frames under the colours of their predicted classes. */
export async function predictVideo(
  path: string,
  { out, every = 1, json }: VideoOptions,
  open: () => Promise<Predictor>,
): Promise<void> {
  const video = await openVideo(path, every);
  const { width, height } = video;
  const { classes, predict, dispose } = await open();
  const file = writeVideo(out, video, video.rate);
  let frames = 0;
  try {
    await interruptible((signal) =>
      listening(async ({ progress }) => {
        try {
          for await (const image of video.read()) {
            const { labels } = await predict({ image, width, height });
            await file.add(overlay(image, labels, classes));
            frames++;
            progress("predicting frames", frames, Math.max(frames, video.frames));
            throwIfStopped(signal);
          }
          await file.finish();
        } catch (error) {
          await file.discard();
          throwIfStopped(signal); // FFmpeg may have been stopped as well
          throw error;
        }
      }),
    );
  } finally {
    await dispose();
  }
  const found = () => ({ classes: classes.names, video: out, frames, width, height });
  print(`${frames} frames labelled in ${out}`, found, json);
}
