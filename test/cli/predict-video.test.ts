import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDomains } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
import { cli, expectError, preset, stoppedAt, tiny } from "./cli.js";

const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;
let root: string;
let run: string;
let drive: string;

const ffmpeg = (...args: string[]) => {
  const { status, stderr } = spawnSync("ffmpeg", ["-v", "error", "-y", ...args], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
};
/** Width, height, rate and number of frames of a video. */
const probed = (path: string) =>
  spawnSync(
    "ffprobe",
    [
      ...["-v", "error", "-count_frames", "-show_entries"],
      ...["stream=width,height,r_frame_rate,nb_read_frames", "-of", "csv=p=0", path],
    ],
    { encoding: "utf8" },
  ).stdout.trim();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "cfcontra-"));
  await makeDomains(root);
  run = join(root, "run");
  const path = await preset(root, tiny(root));
  expect((await cli("train", "--preset", path, "--out", run)).code).toBe(0);
  drive = join(root, "drive.mp4");
  if (!hasFfmpeg) return void (await writeFile(drive, "a video"));
  ffmpeg("-f", "lavfi", "-i", "testsrc=size=96x64:rate=10:duration=1", "-g", "5", drive);
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("predict of a video", skipUnless(hasFfmpeg, "ffmpeg"), () => {
  test("writes one of the same size and duration", async () => {
    const out = join(root, "all", "overlay.mp4");
    const { code, out: printed, err } = await cli("predict", run, drive, "--out", out, "--json");
    expect([code, err]).toEqual([0, ""]);
    expect(JSON.parse(printed)).toMatchObject({ video: out, frames: 10, width: 96, height: 64 });
    expect(probed(out)).toBe("96,64,10/1,10");
    expect(readdirSync(join(root, "all"))).toEqual(["overlay.mp4"]);
    // The overlay shows the classes, not the video.
    const pixel = (path: string) =>
      spawnSync("ffmpeg", [
        ...["-v", "error", "-i", path, "-frames:v", "1"],
        ...["-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
      ]).stdout;
    expect(pixel(out).length).toBe(96 * 64 * 3);
    expect(pixel(out).equals(pixel(drive))).toBe(false);
  });

  test("reads every n-th frame, at a lower rate, and odd sizes", async () => {
    const odd = join(root, "odd.mkv");
    ffmpeg("-i", drive, "-vf", "crop=95:63", "-pix_fmt", "yuv444p", odd);
    const out = join(root, "some.mkv");
    expect((await cli("predict", run, odd, "--out", out, "--every", "5")).code).toBe(0);
    expect(probed(out)).toBe("96,64,2/1,2");
  });

  test("is stopped by Ctrl-C without a trace", async () => {
    const long = join(root, "long.mp4");
    ffmpeg("-stream_loop", "200", "-i", drive, "-c", "copy", long);
    const out = join(root, "stopped", "overlay.mp4");
    const begun = () => existsSync(join(root, "stopped"));
    const { code, err } = await stoppedAt(begun, "predict", run, long, "--out", out);
    expect([code, err]).toEqual([130, expect.stringMatching(/^error: stopped: nothing/m)]);
    expect(readdirSync(join(root, "stopped"))).toEqual([]);
  });

  test("keeps the duration of a video whose frame rate varies", async () => {
    const phone = join(root, "phone.mp4");
    // Frames at 0, 4, 8, 9, ... thirtieths of a second: FFmpeg would give out 30 frames per second.
    const uneven = "settb=1/30,setpts=3*N+mod(N\\,3)";
    ffmpeg("-i", drive, "-vf", uneven, "-vsync", "vfr", "-enc_time_base", "1/30", phone);
    const out = join(root, "phone-overlay.mp4");
    expect((await cli("predict", run, phone, "--out", out)).code).toBe(0);
    const seconds = (path: string) =>
      Number(
        spawnSync(
          "ffprobe",
          ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path],
          {
            encoding: "utf8",
          },
        ).stdout,
      );
    expect(Math.abs(seconds(out) - seconds(phone))).toBeLessThan(0.2);
  });

  test("applies the rotation", async () => {
    const turned = join(root, "turned.mp4");
    ffmpeg("-i", drive, "-metadata:s:v:0", "rotate=90", "-c", "copy", turned);
    const out = join(root, "turned-overlay.mp4");
    expect((await cli("predict", run, turned, "--out", out, "--every", "5")).code).toBe(0);
    expect(probed(out)).toBe("64,96,2/1,2");
  });

  test("ends with the frame at which it is damaged, and leaves nothing", async () => {
    const bytes = readFileSync(drive);
    const middle = Math.floor(bytes.length * 0.4);
    bytes.fill(0xa5, middle, middle + 600);
    const damaged = join(root, "damaged.mp4");
    await writeFile(damaged, bytes);
    const out = join(root, "none", "overlay.mp4");
    const outcome = await cli("predict", run, damaged, "--out", out);
    expectError(outcome, "damaged-file", damaged, "frame");
    expect(existsSync(out)).toBe(false);
    expect(existsSync(join(root, "none")) ? readdirSync(join(root, "none")) : []).toEqual([]);
    const cut = join(root, "cut.mp4");
    await writeFile(cut, bytes.subarray(0, 2000));
    expectError(await cli("predict", run, cut, "--out", out), "damaged-file", cut);
    await writeFile(cut, "no video");
    expectError(await cli("predict", run, cut, "--out", out), "damaged-file", cut);
  });

  test("names the file that it cannot write", async () => {
    const out = "/proc/overlay.mp4";
    expectError(await cli("predict", run, drive, "--out", out), "not-writable", out);
  });

  test("does not take a file without pictures", async () => {
    const sound = join(root, "sound.mkv");
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", sound);
    const outcome = await cli("predict", run, sound, "--out", join(root, "sound-overlay.mp4"));
    expectError(outcome, "damaged-file", sound);
  });
});

test("without FFmpeg, predict of a video says how to install it", async () => {
  const { PATH } = process.env;
  process.env.PATH = "/nowhere";
  try {
    const outcome = await cli("predict", run, drive, "--out", join(root, "x.mp4"));
    expectError(outcome, "not-installed", "FFmpeg");
  } finally {
    process.env.PATH = PATH;
  }
});

test("predict refuses options that do not fit a video, or images", async () => {
  const photos = join(root, "camvid", "train");
  const refused = async (names: readonly string[], ...args: string[]) =>
    expectError(await cli("predict", run, ...args), "conflicting-options", ...names);
  await refused(["--every"], photos, "--every", "2");
  await refused([drive], drive, photos, "--out", join(root, "x.mp4"));
  await refused(["--format cvat"], drive, "--format", "cvat", "--out", join(root, "x.mp4"));
  await refused(["--out predictions", ".mp4"], drive);
  await refused(["--out", drive], drive, "--out", drive);
  const taken = join(root, "taken.mp4");
  await writeFile(taken, "another video");
  expectError(await cli("predict", run, drive, "--out", taken), "already-exists", taken, "--out");
  expect(readFileSync(taken, "utf8")).toBe("another video");
  const none = await cli("predict", run, drive, "--out", join(root, "x.mp4"), "--every", "0");
  expectError(none, "invalid-value", "--every 0");
  const missing = join(root, "missing.mp4");
  const outcome = await cli("predict", run, missing, "--out", join(root, "x.mp4"));
  expectError(outcome, "not-found", missing);
});
