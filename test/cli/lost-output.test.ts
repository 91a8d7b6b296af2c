import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
import { BIN, preset, tiny } from "./cli.js";

// Every write to this device fails with ENOSPC.
const FULL = "/dev/full";

/** Runs the program with streams that cannot be written. */
function onFullDevice(streams: ("stdout" | "stderr")[], ...argv: string[]) {
  const full = openSync(FULL, "w");
  const at = (name: "stdout" | "stderr") => (streams.includes(name) ? full : "pipe");
  try {
    return spawnSync(process.execPath, [BIN, ...argv], {
      stdio: ["ignore", at("stdout"), at("stderr")],
      encoding: "utf8",
    });
  } finally {
    closeSync(full);
  }
}

test("results that cannot be printed are an error", skipUnless(existsSync(FULL), "linux"), () => {
  const { status, stderr } = onFullDevice(["stdout"], "--help");
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: .*\(ENOSPC\)/m);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test(
  "a training whose log cannot be written trains to its end",
  skipUnless(existsSync(FULL), "linux"),
  async () => {
    await inTemporaryFolder(async (root) => {
      await makeDomains(root, 2);
      const out = join(root, "run");
      const config = await preset(root, tiny(root));
      const argv = ["train", "--preset", config, "--out", out];
      expect(onFullDevice(["stderr"], ...argv, "--steps", "1").status).toBe(0);
      expect(
        onFullDevice(["stdout", "stderr"], "train", "--resume", out, "--set", "train.steps=2")
          .status,
      ).toBe(1);
      expect(existsSync(join(out, "checkpoints", "step-0000002.safetensors"))).toBe(true);
      expect(existsSync(join(out, "report.html"))).toBe(true);
    });
  },
);
