import type { TestContext, TestOptions } from "vitest";

/**
 * What a machine may lack that tests need. `npm test` counts the skipped tests by these words:
 * "skipped: 7 tests need NumPy (...)". Nothing else in test/ skips: test/skip.test.ts.
 */
export const NEEDS = {
  bash: "bash",
  chromium: "Chromium (Debian: chromium)",
  ffmpeg: "FFmpeg (Debian: ffmpeg)",
  fish: "fish",
  gloo: "a libtorch with Gloo",
  linux: "Linux",
  mobilenet: "published MobileNet weights, which are not in the repository",
  mount: "the right to mount a file system (root)",
  namespaces: "the right to make network namespaces (root, iproute2)",
  noCuda: "a machine without a CUDA device",
  numpy: "NumPy in /usr/bin/python3 (Debian: python3-numpy)",
  onnx: "ONNX's checker in /usr/bin/python3 (Debian: python3-onnx)",
  registry: "the npm registry",
  pytorch: "PyTorch in /usr/bin/python3 (Debian: python3-torch)",
  torchrun: "a PyTorch of libtorch's own version",
  zsh: "zsh",
} as const;

declare module "vitest" {
  interface TaskMeta {
    /** Why the test is skipped: one of NEEDS. */
    skipped?: string;
  }
}

/** Options of a test, or of a group of them, that is skipped where it lacks what it needs. */
export function skipUnless(present: boolean, need: keyof typeof NEEDS): TestOptions {
  return present ? {} : { skip: true, meta: { skipped: NEEDS[need] } };
}

/** The same for what shows only while tests run: ends the test, as skipped, where it lacks what it needs. */
export function skipHereUnless(
  context: TestContext,
  present: boolean,
  need: keyof typeof NEEDS,
): void {
  if (present) return;
  context.task.meta.skipped = NEEDS[need];
  context.skip(NEEDS[need]);
}
