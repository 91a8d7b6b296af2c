import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { parameterTypes } from "./odd-arguments.js";
import { campaign, operatorNames } from "./operators.js";

/** The operators that src/ calls. */
function used(): string[] {
  const src = fileURLToPath(new URL("../../src/", import.meta.url));
  const files = readdirSync(src, { recursive: true, encoding: "utf8" });
  const text = files
    .filter((path) => path.endsWith(".ts"))
    .map((path) => readFileSync(join(src, path), "utf8"))
    .join("\n");
  const calls = text.matchAll(
    /\b(operators?|inPlace|listInPlace|binary|binaryInPlace)\("([\w.]+)"\)/g,
  );
  const names = [...calls].flatMap(([, kind = "", name]) =>
    kind.startsWith("binary")
      ? [`aten::${name}.Tensor`, `aten::${name}.Scalar`]
      : [`aten::${name}`],
  );
  const known = new Set(operatorNames());
  return [...new Set(names)].filter((name) => known.has(name)).sort(); // others are ONNX's
}

test("operators in use return or refuse odd arguments, and nothing crashes", async () => {
  const names = used();
  expect(names.length).toBeGreaterThan(100);
  await inTemporaryFolder(async (folder) => {
    const found = await campaign({ names, times: 20, seed: 1, folder });
    expect(found).toMatchObject({ operators: names.length, crashed: [], slow: [], faults: [] });
    expect(found.returned + found.refused).toBe(20 * names.length);
    expect(Math.min(found.returned, found.refused)).toBeGreaterThan(4 * names.length);
  });
});

test("a crash is counted, and the next operator is called", async () => {
  await inTemporaryFolder(async (folder) => {
    const worker = join(folder, "worker.mjs");
    writeFileSync(
      worker,
      `import { readFileSync, writeSync } from "node:fs";
      for (const name of JSON.parse(readFileSync(0, "utf8")).names) {
        writeSync(1, "3\\n");
        if (name.startsWith("bad")) process.kill(process.pid, "SIGSEGV");
        writeSync(1, JSON.stringify({ returned: 2, refused: 1, faults: [name + " left 1 tensors"] }) + "\\n");
      }`,
    );
    const names = ["good", "bad.a", "bad.b", "better"];
    expect(await campaign({ names, times: 3, seed: 1, folder, worker })).toMatchObject({
      operators: 4,
      returned: 4,
      refused: 2,
      crashed: ["bad.a 3: SIGSEGV", "bad.b 3: SIGSEGV"],
      slow: [],
      faults: ["good left 1 tensors", "better left 1 tensors"],
    });
  });
});

test.each([
  [
    "aten::f(Tensor self, int[2] size=[1, 1], *, Scalar? s=None) -> Tensor",
    ["Tensor", "int[2]", "Scalar?"],
  ],
  [
    'aten::f(Tensor(a!) self, Tensor?[] indices, str mode="a") -> Tensor(a!)',
    ["Tensor", "Tensor?[]", "str"],
  ],
  ["aten::f() -> ()", []],
])("the parameters of %s", (schema, types) => {
  expect(parameterTypes(schema)).toEqual(types);
});
