import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { dispose, readTensors, tensor, writePyTorch } from "../../src/torch/index.js";
import { computedSince } from "../computation.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";

// A small file must not take minutes or gigabytes.
const SECONDS = 3; // of processor time
const BYTES = 2 ** 28;

const bytes = (...parts: (string | Uint8Array)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? latin1(part) : part)));
const latin1 = (text: string) => Buffer.from(text, "latin1");
const times = (count: number, part: string | Uint8Array) => {
  const one = bytes(part);
  return Buffer.alloc(count * one.length, one);
};
const each = (count: number, part: (index: number) => Uint8Array) =>
  Buffer.concat(Array.from({ length: count }, (_, index) => part(index)));

function u32(value: number): Buffer {
  const four = Buffer.alloc(4);
  four.writeUInt32LE(value);
  return four;
}
const text = (value: string | Uint8Array) => bytes("X", u32(value.length), value);

/** A file of `torch.save` with this pickle. */
const pth = (...pickle: (string | Uint8Array)[]) =>
  zipSync({ "archive/data.pkl": bytes("\x80\x02", ...pickle, ".") }, { level: 0 });

/** A safetensors file with this header. */
function safetensors(header: string): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return bytes(length, header);
}

const optimizers = (count: number) => each(count, (i) => bytes(text(`optim${i}`), "}"));
const LONG = 16e6; // nearly the longest header

const files: [string, () => Uint8Array][] = [
  [
    "optimisers, repeated by reference",
    () => pth("](}q\0(", optimizers(20_000), "u", times(250_000, "h\0"), "e"),
  ],
  [
    "optimisers without names, repeated",
    () =>
      pth(
        "](}q\0(",
        each(1000, (i) => bytes(text(`optim_states${i}`.slice(0, 12)), "}")),
        "u",
        times(400_000, "h\0"),
        "e",
      ),
  ],
  [
    "one list in many ordered dictionaries",
    () =>
      pth(
        "](",
        times(50_000, "K\x01K\x02\x86"),
        "eq\0(ccollections\nOrderedDict\nq\x01",
        times(150_000, "h\x01h\0\x85R"),
        "t",
      ),
  ],
  ["9 MB of dictionaries", () => pth(times(9e6, "}"))],
  ["9 MB of lists", () => pth(times(9e6, "]"))],
  ["9 MB of tuples", () => pth(times(4_500_000, "N\x85"))],
  ["9 MB of memory", () => pth("N", times(9e6, "\x94"))],
  ["9 MB of marks", () => pth(times(9e6, "("))],
  ["1,000,000 strings", () => pth(times(1_000_000, text("abcd")))],
  ["40 MB of text", () => pth(text(times(4e7, "\xe2")))],
  ["a long name", () => pth("c", times(3e7, "a"), "\nb\n")],
  [
    "200,000 parts",
    () =>
      zipSync(
        Object.fromEntries(
          Array.from({ length: 200_000 }, (_, i) => [`a/data/${i}`, new Uint8Array()]),
        ),
        { level: 0 },
      ),
  ],
  ["a header of 99 MB", () => safetensors("[".repeat(99e6))],
  ["nested lists", () => safetensors("[".repeat(LONG))],
  ["short lists", () => safetensors(`{"a":[${"[],".repeat(LONG / 3)}[]]}`)],
  ["numbers", () => safetensors(`{"a":[${"1,".repeat(LONG / 2)}1]}`)],
  [
    "a long shape",
    () => safetensors(`{"a":{"dtype":"U8","shape":[${"0,".repeat(1e6)}0],"data_offsets":[0,0]}}`),
  ],
  [
    "200,000 empty tensors",
    () =>
      safetensors(
        `{${Array.from({ length: 200_000 }, (_, i) => `"${i}x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`).join()}}`,
      ),
  ],
  [
    "a type of JavaScript's",
    () => safetensors('{"a":{"dtype":"constructor","shape":[0],"data_offsets":[0,0]}}'),
  ],
];

describe("refused at once:", () => {
  test.each(files)("%s", async (_, make) => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, "hostile");
      writeFileSync(path, make());
      const { rss } = process.memoryUsage();
      const began = process.cpuUsage();
      const { message } = await userError(() => readTensors(path), "damaged-file", path);
      expect(message.length).toBeLessThan(path.length + 400);
      expect(computedSince(began)).toBeLessThan(1000 * SECONDS);
      expect(process.memoryUsage().rss - rss).toBeLessThan(BYTES);
    });
  });
});

test("tensors whose names begin with optim are read; tables that are optimisers are not", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "a.pth");
    const names = ["optim", "optimizer", "optimal.weight", "optimizer.state", "head"];
    const one = tensor(Float32Array.of(1));
    writePyTorch(path, new Map(names.map((name) => [name, one])));
    const flat = readTensors(path);
    expect([...flat.tensors.keys()]).toEqual(names);
    expect(flat.skipped).toEqual([]);
    dispose([flat.tensors, [one]]);
  });
});
