import { type ChildProcess, spawn } from "node:child_process";
import { UserError } from "../../errors.js";

/** A started program of FFmpeg. */
export interface Ffmpeg {
  readonly process: ChildProcess;
  /**
   * Resolves when it ends: the last line of its errors if it failed, undefined if not.
   * @throws UserError if it is not installed
   */
  readonly failure: Promise<string | undefined>;
}

/** Most characters of the errors that are stored: a damaged video may have one for every frame. */
const MOST_ERRORS = 20_000;

/** Starts `ffmpeg` or `ffprobe`, with pipes. */
export function startFfmpeg(program: "ffmpeg" | "ffprobe", args: readonly string[]): Ffmpeg {
  // In a session of its own: Ctrl-C is for this process, which ends FFmpeg.
  const started = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
  let errors = "";
  started.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (errors.length < MOST_ERRORS) errors += text;
  });
  started.stdin.on("error", () => {}); // it ended before it read everything: `failure` has the reason
  const failure = new Promise<string | undefined>((resolve, reject) => {
    started.on("error", (error) => reject(notInstalled(program, error)));
    started.on("close", (code) => resolve(code === 0 ? undefined : reason(errors)));
  });
  failure.catch(() => {}); // awaited by the caller, perhaps later
  return { process: started, failure };
}

/** The first error without the address of a decoder: "[h264 @ 0x5581] error while decoding". */
function reason(errors: string): string {
  const [first = ""] = errors.split("\n").filter((line) => line.trim() !== "");
  return first.replace(/^(\[[^\]]*\]\s*)+/, "").trim() || "ffmpeg failed without a message";
}

const notInstalled = (program: string, cause: Error): UserError =>
  new UserError(
    "not-installed",
    `${program}, which reads and writes videos, cannot be started: install FFmpeg (Debian and Ubuntu: ` +
      "apt install ffmpeg; macOS: brew install ffmpeg)",
    { cause },
  );

/** A path that FFmpeg takes for neither an option nor an address. */
export const fileUrl = (path: string): string => `file:${path}`;
