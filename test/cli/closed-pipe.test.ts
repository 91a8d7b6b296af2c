import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

test("a reader that has seen enough, such as `| head`, is no error", async () => {
  const child = spawn("node", ["bin/cfcontra.js", "train", "--help"]);
  child.stdout.destroy();
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  const [code] = await once(child, "close");
  expect([code, said]).toEqual([0, expect.not.stringContaining("Error")]); // it may say that it builds
});
