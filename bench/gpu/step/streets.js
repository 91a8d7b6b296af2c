// A short training of Streets by the command line, on the CPU and on the GPU, and what follows a run of a
// GPU on a machine without one: evaluation, prediction, export and resuming.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cfcontra, streets, succeed, written } from "../experiment.js";
import { attempt, check, measured } from "../report.js";
import { device, inScratch, isGpu, tiny } from "../settings.js";

const SIZE = tiny ? { width: 64, count: 2 } : { width: 192, count: 60 };
const STEPS = tiny ? { pretrain: 2, train: 2 } : { pretrain: 300, train: 100 };
/** Points of mIoU between two trainings whose arithmetic differs. */
const SPREAD = 5;

/** @param {string} data @param {string} where @param {string} name */
function train(data, where, name) {
  const changes = {
    ...{ method: "cfcontra", pretrain: { steps: STEPS.pretrain, rate: 0.03 } },
    network: { backbone: "resnet18", width: tiny ? 0.25 : 0.5, head: "moco", init: "he" },
    options: { cfcontra: { entropy: 0.1, contrast: 0.05, sourceImages: 20, targetImages: 20 } },
    train: { steps: STEPS.train, precision: "bfloat16" },
  };
  const preset = written(data, name, streets(where, { ...SIZE, ...changes }));
  const out = join(data, `run ${name}`);
  const began = performance.now();
  const text = succeed("train", "--preset", preset, "--data", data, "--out", out, "--json");
  const { scores, seconds, gpuMemory } = JSON.parse(text);
  const whole = (performance.now() - began) / 1000;
  measured(`Streets on ${where}`, { miou: scores.target.miou, seconds, whole, gpuMemory });
  return { out, miou: 100 * scores.target.miou };
}

await inScratch(async (data) => {
  /** The mIoU on the device. @type {number | undefined} */
  let miou;
  await attempt("a short training", () => {
    const gpu = train(data, device, "device");
    miou = gpu.miou;
    const environment = JSON.parse(readFileSync(join(gpu.out, "environment.json"), "utf8"));
    check("environment.json names the device", environment.device === device, environment.device);

    const onCpu = ["--set", "train.device=cpu"];
    const evaluated = JSON.parse(succeed("evaluate", gpu.out, "--json", ...onCpu));
    const difference = Math.abs(100 * evaluated.scores.target.miou - gpu.miou);
    check(
      "the CPU evaluates it to the same mIoU",
      difference <= 0.5,
      `${difference.toFixed(3)} points`,
    );
    const images = join(data, "streets", "target", "test", "images");
    succeed("predict", gpu.out, images, "--out", join(data, "predictions"), ...onCpu);
    check("the CPU predicts with it", existsSync(join(data, "predictions")));
    const model = join(data, "model.onnx");
    succeed("export", gpu.out, "--out", model, ...onCpu);
    check("the CPU exports it", existsSync(model));
    const more = ["--steps", `${STEPS.train + 2}`, ...onCpu];
    succeed("train", "--resume", gpu.out, ...more);
    check("the CPU resumes it", true);
  });

  await attempt("errors of the command line", () => {
    /** @param {string} name @param {string[]} words @param {object} changes */
    const fails = (name, words, changes) => {
      const preset = written(data, "faulty", streets(device, { width: 64, count: 2, ...changes }));
      const args = ["train", "--preset", preset, "--data", data, "--out", join(data, "faulty")];
      const { status, stderr } = cfcontra(args);
      const errors = stderr.split("\n").filter((line) => line.startsWith("error: "));
      const right = words.every((word) => errors[0]?.includes(word));
      check(
        name,
        status === 1 && errors.length === 1 && right,
        errors.join(" ") || `exit ${status}`,
      );
    };
    fails("a wrong index is one error", ["cuda:99"], { train: { device: "cuda:99" } });
    if (!isGpu || tiny) return;
    const huge = { sizes: { source: [8192, 8192], target: [8192, 8192], evaluate: [64, 32] } };
    const network = { backbone: "resnet101", head: "moco" };
    const train = { steps: 1, batch: 4 };
    fails("out of memory is one error", ["out of memory", device], { ...huge, network, train });
  });

  await attempt("the same on the CPU", () => {
    if (miou === undefined) return;
    const cpu = train(data, "cpu", "cpu");
    const [ours, theirs] = [miou.toFixed(1), cpu.miou.toFixed(1)];
    const near = Math.abs(miou - cpu.miou) <= SPREAD;
    check(`mIoU within ${SPREAD} points of the CPU's`, near, `${ours}, and ${theirs} on the CPU`);
  });
});
