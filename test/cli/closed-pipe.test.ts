import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

test("a reader that closes the pipe early, such as `| head`, causes no error", async () => {
  const child = spawn("node", ["bin/cfcontra.js", "train", "--help"]);
  child.stdout.destroy();
  let printed = "";
  child.stderr.on("data", (text) => {
    printed += text;
  });
  const [code] = await once(child, "close");
  expect([code, printed]).toEqual([0, expect.not.stringContaining("Error")]); // it may print that it builds
});
