import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { PYTHON, pythonHas } from "../python.js";
import { skipUnless } from "../skip.js";
import { goldenParameter, u } from "./golden.js";

const here = fileURLToPath(new URL(".", import.meta.url));

function python(...args: string[]) {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1", OMP_NUM_THREADS: "1" };
  return spawnSync(PYTHON, ["-W", "ignore", ...args], { cwd: here, encoding: "utf8", env });
}
const record = (...args: string[]) => python("record.py", ...args);

describe("values.py", skipUnless(pythonHas("numpy"), "numpy"), () => {
  test("makes the parameters and inputs that golden.js makes, to the bit", () => {
    const shapes: Record<string, number[]> = {
      "conv1.weight": [8, 3, 7, 7],
      "head.0.weight": [5, 9],
      "bn1.running_var": [31],
      "layer1.0.bn2.weight": [4],
      "größe.bias": [6],
    };
    const program = `
import json, sys, values
shapes = json.loads(sys.argv[1])
print(json.dumps({name: values.parameter(name, shape).ravel().tolist() for name, shape in shapes.items()}))
print(json.dumps(values.u("input/image", 1000).tolist()))
print(values.parameter("bn1.num_batches_tracked", []))`;
    const { stdout, stderr } = python("-c", program, JSON.stringify(shapes));
    expect(stderr).toBe("");
    const [parameters = "", draws = "", counter] = stdout.trim().split("\n");
    for (const [name, shape] of Object.entries(shapes)) {
      const made = JSON.parse(parameters)[name];
      expect(made).toEqual(Array.from(goldenParameter(name, shape) as Float32Array));
    }
    expect(JSON.parse(draws)).toEqual([...u("input/image", 1000)]);
    expect(counter).toBe("None");
  });
});

describe("record.py --check", skipUnless(pythonHas("numpy"), "numpy"), () => {
  test("finds the recorded files as they are", () => {
    const { status, stdout } = record("--check", here);
    expect(stdout.match(/ tensors, 0 differ$/gm)).toHaveLength(3);
    expect(status).toBe(0);
  });

  test("names what differs, is missing, or does not follow from its name", async () => {
    await inTemporaryFolder(async (folder) => {
      const program = `
import sys, tensor_file
tensors = {name: x.copy() for name, x in tensor_file.read("adain.safetensors").items()}
tensors["coral"][0, 0, 0] += 30
tensors["decoded"][:] = float("nan")
tensors["content"][0, 0, 0, 0] += 1e-6
del tensors["loss.style"]
tensor_file.write(sys.argv[1] + "/adain.safetensors", tensors)`;
      expect(python("-c", program, folder).stderr).toBe("");
      const { status, stdout } = record("--check", folder);
      expect(status).toBe(1);
      expect(stdout.split("\n").slice(0, 5)).toEqual([
        "adain.safetensors: 11 tensors, 4 differ",
        expect.stringMatching(/coral: differs by 0\.\d+, more than 0\.001/),
        expect.stringMatching(/decoded: differs by nan/),
        expect.stringMatching(/loss\.style: missing/),
        expect.stringMatching(/content: not what its name makes/),
      ]);
    });
  });
});

describe("record.py", skipUnless(pythonHas("torch"), "pytorch"), () => {
  // Not the published code, but PyTorch of our own behind the same calls: what it computes is what
  // was recorded, so that the recorder fills, calls and stores as the recordings were made.
  test("records from a stand-in what was recorded from the reference", async () => {
    await inTemporaryFolder(async (root) => {
      const checkout = join(root, "checkout");
      mkdirSync(checkout);
      for (const name of ["net.py", "function.py"]) {
        writeFileSync(join(checkout, name), "from stand_in import *\n");
      }
      const keys = readFileSync(join(here, "record.py"), "utf8").matchAll(
        /^ {4}"(\w+)": "advent/gm,
      );
      const names = [...keys].flatMap(([, key]) => ["--name", `${key}=stand_in:${key}`]);
      expect(names).toHaveLength(14);
      const out = join(root, "recorded");
      const made = record("--cfcontra", checkout, "--adain", checkout, ...names, "--out", out);
      expect(made.stderr).toBe("");
      const { status, stdout } = record("--check", out);
      expect(stdout.match(/ tensors, 0 differ$/gm)).toHaveLength(3);
      expect(status).toBe(0);
    });
  });

  test("says which name it does not find", async () => {
    await inTemporaryFolder(async (root) => {
      const { status, stderr } = record("--cfcontra", root, "--out", join(root, "out"));
      expect(status).toBe(1);
      expect(stderr).toMatch(/cross_entropy: No module named 'advent'; pass --name cross_entropy=/);
    });
  });
});
