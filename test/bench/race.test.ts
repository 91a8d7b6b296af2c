import { expect, test } from "vitest";
import { commandOf, nameOf } from "../../bench/race.js";

test("a result contains no paths of the machine", () => {
  const own = ["--rounds", "3", "--python", "/usr/bin/python3", "--out", "bench/640x320"];
  expect(commandOf(own)).toBe("npm run bench -- --rounds 3 --out bench/640x320");
  expect(commandOf(["inference", "--images", "2", "--out=/tmp/a"])).toBe(
    "npm run bench -- inference --images 2",
  );
  expect(commandOf(["--python", "/a/python3"])).toBe("npm run bench");
  expect(nameOf("PyTorch float32 (/a/python3)", { version: "2.14.1" })).toBe(
    "PyTorch float32 2.14.1",
  );
  expect(nameOf("cfcontra float32", { version: "2.14.1" })).toBe("cfcontra float32");
});
