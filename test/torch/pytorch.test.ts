import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../../src/errors.js";
import {
  arange,
  type Dtype,
  dispose,
  liveMemory,
  readTensors,
  scope,
  type Tensor,
  type TensorMap,
  writePyTorch,
  writeSafetensors,
} from "../../src/torch/index.js";
import { computedSince } from "../computation.js";
import { PYTHON, pythonHas } from "../python.js";
import { skipUnless } from "../skip.js";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Runs Python and returns its output. */
function python(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(PYTHON, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

type Facts = Record<string, { dtype: string; shape: number[]; values: number[] }>;

const facts = (tensors: TensorMap): Facts =>
  Object.fromEntries(
    [...tensors].map(([name, tensor]) => [
      name,
      { dtype: tensor.dtype, shape: tensor.shape, values: tensor.numbers() },
    ]),
  );

/** Reads a file, calls `use` with its tensors, and frees them. */
function reading<T>(path: string, use: (file: ReturnType<typeof readTensors>) => T): T {
  const file = readTensors(path);
  try {
    return use(file);
  } finally {
    dispose(file.tensors);
  }
}

describe("files of torch.save", skipUnless(pythonHas("torch"), "pytorch"), () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "cfcontra-"));
    python("-W", "ignore", here("save_checkpoints.py"), folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const good = () =>
    JSON.parse(readFileSync(join(folder, "good.json"), "utf8")) as Record<string, Facts>;
  const layouts = ["zip", "legacy"] as const;
  const kinds = ["dtypes", "views", "shared", "module", "parameter", "nested"];
  const message = (name: string) => {
    const { tensors } = liveMemory();
    try {
      reading(join(folder, name), () => {});
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      expect(liveMemory().tensors).toBe(tensors);
      return (error as Error).message;
    }
    throw new Error(`${name} was read`);
  };

  test.each(kinds.flatMap((kind) => layouts.map((layout) => [kind, layout] as const)))(
    "%s, %s layout: names, types, shapes and every number",
    (kind, layout) => {
      reading(join(folder, `${kind}-${layout}.pth`), ({ tensors, format }) => {
        expect(facts(tensors)).toEqual(good()[kind]);
        expect(format).toBe(layout === "zip" ? "PyTorch" : "PyTorch, layout before 1.6");
      });
    },
  );

  test("a state dict keeps its counters, and an optimiser's state is left out by name", () => {
    reading(join(folder, "nested-zip.pth"), ({ tensors, skipped }) => {
      expect([...tensors.keys()]).toContain("model.1.num_batches_tracked");
      expect(skipped).toEqual(["optimizer"]);
    });
  });

  test("protocol 4 and deflated archives", () => {
    for (const layout of layouts) {
      reading(join(folder, `protocol4-${layout}.pth`), ({ tensors }) =>
        expect(facts(tensors)).toEqual(good().nested),
      );
    }
    reading(join(folder, "deflated.pth"), ({ tensors }) =>
      expect(tensors.get("w0")?.numbers()).toEqual([1, 2, 3, 4]),
    );
  });

  test("Python 2's pickles, and parts of storages", () => {
    reading(join(folder, "python2.pth"), ({ tensors }) =>
      expect(facts(tensors)).toEqual({
        "Scale.conv1.weight": { dtype: "float32", shape: [1], values: [4] },
      }),
    );
  });

  test("views of one storage share memory, as in PyTorch", () => {
    reading(join(folder, "shared-zip.pth"), ({ tensors }) => {
      (tensors.get("part") as Tensor).fillInPlace(7);
      expect(scope(() => tensors.get("again")?.select(0, 1).mean().item())).toBe(7);
    });
  });

  test("the content decides the format, not the name", () => {
    const path = join(folder, "safetensors-inside.pth");
    const made = arange(3);
    writeSafetensors(path, new Map([["a", made]]));
    made.dispose();
    reading(path, ({ format }) => expect(format).toBe("safetensors"));
    const other = join(folder, "pytorch-inside.safetensors");
    writeFileSync(other, readFileSync(join(folder, "module-zip.pth")));
    reading(other, ({ format }) => expect(format).toBe("PyTorch"));
  });

  test.each([
    ["system-zip.pth", / posix\.system/],
    ["system-legacy.pth", / posix\.system/],
    ["eval-zip.pth", / __builtin__\.eval/],
    ["eval-legacy.pth", / __builtin__\.eval/],
    ["stack-global.pth", / os\.system/],
    ["opcode.pth", / os\.system/],
    ["inst.pth", /opcode 0x69/],
    ["build.pth", /calls torch\.FloatStorage/],
    ["whole-module-zip.pth", / torch\.nn\S+Sequential.*state_dict\(\)/],
    ["mapping-zip.pth", / collections\.ChainMap/],
    ["complex-zip.pth", / torch\.ComplexFloatStorage/],
    ["no-tensors-zip.pth", /does not contain tensors/],
    ["script.pth", /TorchScript/],
    ["big-endian.pth", /big-endian/],
    ["no-pickle.pth", /pickle is truncated/],
    ["stack-underflow.pth", /malformed/],
    ["no-mark.pth", /malformed/],
    ["no-memo.pth", /malformed/],
    ["circle.pth", /contains itself/],
    ["names.pth", /names are longer/],
    ["deep.pth", /nested too deeply/],
    ["laughs.pth", /nests more values/],
    ["huge-string.pth", /pickle is truncated/],
    ["huge-long.pth", /integer of \d+ bytes/],
    ["long-integer.pth", /integer of 4096 bytes/],
    ["negative-stride.pth", /w0 has strides that are negative/],
    ["negative-offset.pth", /w0 is malformed/],
    ["negative-size.pth", /w0 is malformed/],
    ["beyond.pth", /w0 reaches element 4 of a storage of 4/],
    ["absurd-shape.pth", /would take more than/],
    ["absurd-size.pth", /w0 is malformed/],
    ["expanded.pth", /would take more than/],
    ["aliases.pth", /would take more than/],
    ["claims-more.pth", /storage 0 has 16 bytes, not 4398046511104/],
    ["missing-storage.pth", /storage 0 is missing/],
    ["two-types.pth", /two types or sizes/],
    ["two-sizes.pth", /two types or sizes/],
    ["twice.pth", /"archive\/data\/0" twice/],
    ["overlapping.pth", /overlap/],
    ["bomb-pickle.pth", /zip bomb/],
    ["bomb-storage.pth", /zip bomb/],
    ["truncated-zip.pth", /damaged archive/],
    ["truncated-legacy.pth", /ends within storage/],
    ["truncated-pickle.pth", /pickle is truncated/],
    ["empty.pth", /does not begin like/],
    ["text.pth", /does not begin like/],
    ["tarball.pth.tar", /does not begin like/],
  ])("%s is an error of one line", (name, says) => {
    const { rss } = process.memoryUsage();
    const began = process.cpuUsage();
    expect(message(name)).toMatch(says);
    expect(message(name).split("\n")).toHaveLength(1);
    expect(computedSince(began)).toBeLessThan(5000);
    expect(process.memoryUsage().rss - rss).toBeLessThan(2 ** 28); // less than a zip bomb unpacks to
  });

  test("no code in a pickle was executed", () => {
    const armed = readdirSync(folder).filter((file) => /^(system|eval)-/.test(file));
    expect(armed).toHaveLength(4);
    for (const name of armed) message(name);
    expect(existsSync(join(folder, "canary"))).toBe(false);
  });

  test("torch.load reads written files, with and without weights_only", () => {
    const path = join(folder, "written.pth");
    const dtypes: Dtype[] = [
      ...(["uint8", "int8", "int16", "int32", "int64"] as const),
      ...(["float16", "bfloat16", "float32", "float64", "bool"] as const),
    ];
    const tensors: TensorMap = new Map(
      dtypes.map((dtype) => [`layer.${dtype}`, arange(6).to({ dtype }).reshape(2, 3)]),
    );
    tensors.set("größe.transposed", arange(6).reshape(2, 3).transpose(0, 1));
    tensors.set("scalar", arange(6).select(0, 5));
    tensors.set("none", arange(0));
    writePyTorch(path, tensors);
    const printed = python("-W", "ignore", here("print_checkpoint.py"), path);
    expect(JSON.parse(printed)).toEqual(facts(tensors));
    reading(path, ({ tensors: again }) => expect(facts(again)).toEqual(facts(tensors)));
    dispose(tensors);
  });
});
