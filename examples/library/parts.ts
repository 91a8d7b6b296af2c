// Trains CFContra without a preset: data sets, a network, a method and the loop.
//   npx tsx examples/library/parts.ts data/streets-v1 200
import {
  createMethod,
  deeplabV2,
  evaluate,
  nn,
  openDataset,
  scores,
  torch,
  trainingSteps,
} from "cfcontra";

const [root = "data/streets-v1", steps = "200"] = process.argv.slice(2);
const open = (domain: string, split: string, count: number, labelled: boolean) =>
  openDataset({ type: "streets", root, domain, split, count, labelled });
const source = await open("source", "train", 40, true);
const target = await open("target", "train", 40, false);
const test = await open("target", "test", 10, true);

torch.manualSeed(1);
const network = deeplabV2({
  ...{ backbone: "resnet18", width: 0.25, head: "moco", init: nn.heInit },
  classes: source.classes.names.length,
});
const method = createMethod("cfcontra", network, { contrast: 0.02, sourceImages: 20 });

const size = { width: 192, height: 96 };
const loop = trainingSteps({
  ...{ network, method, seed: 1, rate: 0.01, steps: Number(steps) },
  source: { dataset: source, size, batch: 2 },
  target: { dataset: target, size, batch: 2 },
});
for await (const { step, scalars } of loop) {
  if (step % 20 === 0) console.log(step, scalars);
}
const confusion = await evaluate(network, test, { size });
console.log(`target mIoU ${(100 * scores(confusion).miou).toFixed(1)} %`);
