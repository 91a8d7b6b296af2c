// The set-up of the addon against this machine's libtorch, with the optional parts that a GPU needs.
import { bootstrap, ROOT } from "../../../setup/bootstrap.js";
import { readJson } from "../../../setup/stamp.js";
import { check, measured } from "../report.js";

const began = performance.now();
bootstrap();
const seconds = Math.round((performance.now() - began) / 1000);
const { libtorch, compiler } = readJson(`${ROOT}/build/torch.json`);
const { version, gloo, nccl, gpu } = libtorch;
measured("addon", {
  ...{ seconds, libtorch: version, compiler },
  ...{ gloo: Boolean(gloo), nccl: Boolean(nccl), gpu: Boolean(gpu) },
});
check("the addon is built", true, `${seconds} s, libtorch ${version}`);
const { hasCuda } = await import("../../../dist/torch/index.js");
if (hasCuda()) {
  check("with the memory of GPUs", Boolean(gpu));
  check("with NCCL", Boolean(nccl));
}
