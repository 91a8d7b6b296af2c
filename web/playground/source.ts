import type { Pixels } from "../../src/export/pixels.js";

/** Where images come from: a photo, a video or a camera. */
export interface Source {
  readonly picture: CanvasImageSource;
  readonly width: number;
  readonly height: number;
  readonly video?: HTMLVideoElement;
  close(): void;
}

/** @throws Error if the file is neither an image nor a video that the browser can read */
export async function openFile(file: Blob): Promise<Source> {
  if (!file.type.startsWith("video/")) return openPhoto(file);
  const url = URL.createObjectURL(file);
  const video = document.createElement("video");
  video.loop = true;
  video.src = url;
  const source = await play(video, () => URL.revokeObjectURL(url));
  await findDuration(video);
  return source;
}

const PATIENCE = 2000; // milliseconds

/** Browsers record videos without a duration: it is known once the end was sought. */
async function findDuration(video: HTMLVideoElement): Promise<void> {
  if (Number.isFinite(video.duration)) return;
  const found = new Promise((resolve) => {
    video.addEventListener("durationchange", resolve, { once: true });
  });
  video.currentTime = Number.MAX_SAFE_INTEGER;
  await Promise.race([found, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  video.currentTime = 0;
}

async function openPhoto(file: Blob): Promise<Source> {
  // As readImage in Node: turned by its EXIF orientation, its colour profile converted to sRGB.
  const picture = await createImageBitmap(file).catch(() => {
    throw new Error("the browser cannot read this image");
  });
  const { width, height } = picture;
  return { picture, width, height, close: () => picture.close() };
}

/** @throws Error if there is no camera, or the browser may not use it */
export async function openCamera(): Promise<Source> {
  const constraints = { video: { facingMode: "environment" }, audio: false };
  const stream = await navigator.mediaDevices.getUserMedia(constraints).catch(() => {
    throw new Error("no camera was found, or the browser may not use it");
  });
  const video = document.createElement("video");
  video.srcObject = stream;
  return play(video, () => {
    for (const track of stream.getTracks()) track.stop();
  });
}

async function play(video: HTMLVideoElement, close: () => void): Promise<Source> {
  video.muted = true;
  video.playsInline = true;
  await video.play().catch(() => {
    close();
    throw new Error("the browser cannot play this video");
  });
  const { videoWidth: width, videoHeight: height } = video;
  const stop = () => {
    video.pause();
    close();
  };
  return { picture: video, width, height, video, close: stop };
}

const canvas = document.createElement("canvas");
const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
const LARGEST = 4096;

/**
 * The current pixels of a source. A photo has its own size, and is resized later as in Node; a frame of a
 * video has the network's size, resized by the browser, which is faster.
 */
export function frameOf(source: Source, size: { width: number; height: number }): Pixels {
  const shrink = Math.min(1, LARGEST / Math.max(source.width, source.height));
  canvas.width = source.video ? size.width : Math.round(source.width * shrink);
  canvas.height = source.video ? size.height : Math.round(source.height * shrink);
  context.imageSmoothingQuality = "high";
  context.drawImage(source.picture, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
