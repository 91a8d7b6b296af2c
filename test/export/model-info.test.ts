import { expect, test } from "vitest";
import { type ModelInfo, modelInfo } from "../../src/export/index.js";

/** A protobuf field of bytes. */
const field = (number: number, body: Buffer): Buffer => {
  const length: number[] = [];
  for (let rest = body.length; ; rest >>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), body]);
};

/** An ONNX file with nothing but these metadata. */
const model = (text: string) =>
  field(14, Buffer.concat([field(1, Buffer.from("cfcontra")), field(2, Buffer.from(text))]));

const info: ModelInfo = {
  classes: [{ name: "road", color: [1, 2, 3] }],
  input: { order: "bgr", mean: [1, 2, 3], scale: 1 },
  size: { width: 64, height: 32 },
  title: "cfcontra",
};

test("the metadata of a model are read", () => {
  expect(modelInfo(model(JSON.stringify(info)))).toEqual(info);
  expect(modelInfo(field(7, Buffer.from("graph")))).toBeUndefined();
});

test.each([
  "",
  "{",
  "null",
  "[]",
  JSON.stringify({ ...info, classes: [{ name: "road" }] }),
  JSON.stringify({ ...info, classes: "road" }),
  JSON.stringify({ ...info, input: { ...info.input, order: "rbg" } }),
  JSON.stringify({ ...info, input: { ...info.input, mean: [1, 2] } }),
  JSON.stringify({ ...info, size: { width: 64 } }),
  JSON.stringify({ ...info, size: { width: 64, height: -32 } }),
  JSON.stringify({ ...info, title: 3 }),
])("damaged metadata are an error: %s", (text) => {
  expect(() => modelInfo(model(text))).toThrow(/metadata are damaged/);
});
