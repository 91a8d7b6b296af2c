import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  cudnnVersion,
  deviceMemory,
  deviceNamed,
  deviceOfProcess,
  driverVersion,
  gpuIndex,
  hasCuda,
  isShared,
  useDevice,
  zeros,
} from "../../src/torch/index.js";
import { explained } from "../../src/torch/out-of-memory.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
import { userError } from "../user-error.js";

describe("a device", () => {
  test("is named like PyTorch's", async () => {
    expect(deviceNamed("cpu")).toBe("cpu");
    expect(["cpu", "cuda", "cuda:0", "cuda:3"].map(gpuIndex)).toEqual([undefined, 0, 0, 3]);
    for (const name of ["gpu", "cuda:", "cuda:-1", "CUDA", "mps", ""]) {
      await userError(() => deviceNamed(name, "train.device"), "invalid-value", "train.device");
    }
  });

  describe("without a GPU", skipUnless(!hasCuda(), "noCuda"), () => {
    test("auto is the CPU, in one process and in several", () => {
      expect(deviceNamed("auto")).toBe("cpu");
      expect(deviceOfProcess("auto", { localRank: 3, env: {} })).toBe("cpu");
    });

    test.each(["cuda", "cuda:0", "cuda:7"])("%s does not exist, with the reason", async (name) => {
      const names = ["train.device", name, "CUDA", "cpu"];
      await userError(() => deviceNamed(name, "train.device"), "no-device", ...names);
      const own = { localRank: 1, env: {} };
      await userError(() => deviceOfProcess(name, own, "train.device"), "no-device", ...names);
    });

    test("the CPU has no memory of a GPU, and is used as it is", () => {
      useDevice("cpu", { tf32: true, deterministic: true });
      expect(deviceMemory("cpu")).toBeUndefined();
      expect(process.env.CUBLAS_WORKSPACE_CONFIG).toBeUndefined();
    });
  });

  test("with an index is shared by all processes", () => {
    expect(["cuda:0", "cuda", "auto", "cpu"].map(isShared)).toEqual([true, false, false, false]);
  });
});

test("versions are read as NVIDIA writes them", async () => {
  expect([91300, 90100, 8902, 0].map(cudnnVersion)).toEqual([
    "9.13.0",
    "9.1.0",
    "8.9.2",
    undefined,
  ]);
  await inTemporaryFolder(async (root) => {
    const path = join(root, "version");
    const versionOf = (line: string) => {
      writeFileSync(path, `${line}\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n`);
      return driverVersion(path);
    };
    const usual =
      "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC";
    const open =
      "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build";
    expect([usual, open].map(versionOf)).toEqual(["535.183.01", "580.65.06"]);
    expect(driverVersion(join(root, "none"))).toBeUndefined();
  });
});

describe("memory that is used up is one UserError", () => {
  test("on the CPU, with what was requested", async () => {
    await userError(() => zeros([2 ** 20, 2 ** 20]), "out-of-memory", "4096.0 GiB");
  });

  test("on a GPU, with what was requested and the device", async () => {
    const message =
      "conv2d (Float[4, 64, 320, 640]): CUDA out of memory. Tried to allocate 2.50 GiB. GPU 1 has a " +
      "total capacity of 79.10 GiB of which 1.10 GiB is free.";
    const error = explained(new Error(message));
    await userError(Promise.reject(error), "out-of-memory", "cuda:1", "2.50 GiB");
  });

  test("and other errors are not", () => {
    const error = new Error("add.Tensor: The size of tensor a (2) must match");
    expect(explained(error)).toBe(error);
  });
});
