import { describe, expect, test } from "vitest";
import { imagesOf, labelsOf } from "../../src/datasets/batch.js";
import type { Sample } from "../../src/datasets/dataset.js";
import { METHODS } from "../../src/methods/index.js";
import { segmentationLoss } from "../../src/network/index.js";
import { gradients, scope, type Tensor } from "../../src/torch/index.js";
import { everything, tinyDataset, tinyRun, trainTiny, using } from "../train/tiny.js";

const RATE = 0.1;
const [AUX, WEIGHT] = [0.3, 0.7];
const progress = { step: 0, total: 1, rate: RATE, decay: 1 };

/** Losses without those of labelled target images. */
const others = (scalars: Record<string, number>) =>
  Object.fromEntries(Object.entries(scalars).filter(([name]) => !name.startsWith("labelled/")));

test("one step descends the sum of the source's losses and the weighted ones of the labels", async () => {
  const { network, method, dispose } = tinyRun({
    ...{ method: "source-only", options: { aux: AUX } },
    context: { labelledWeight: WEIGHT, momentum: 0, weightDecay: 0, headRate: 1 },
  });
  const batchOf = async (first: number) => {
    const samples = (await Promise.all(
      [0, 1].map((i) => tinyDataset(2, { first }).load(i)),
    )) as Sample[];
    return { images: imagesOf(samples, network.input), labels: labelsOf(samples) };
  };
  const [source, labelledTarget] = [await batchOf(0), await batchOf(10)];
  const trained = [...network.parameters.trainable];

  /** Both losses of a batch, and the gradients of `main + AUX aux`. */
  const byHand = ({ images, labels }: typeof source) =>
    scope(() => {
      const prediction = network.forward(images, true);
      const [main, aux] = [prediction.main, prediction.aux].map((logits) =>
        segmentationLoss(logits, labels),
      ) as [Tensor, Tensor];
      const found = gradients(
        [main.add(aux.mul(AUX))],
        trained.map(([, parameter]) => parameter),
      );
      return {
        losses: [main.item(), aux.item()],
        gradients: found.map((gradient) => gradient?.numbers()),
      };
    });
  const [ofSource, ofLabels] = [byHand(source), byHand(labelledTarget)];
  const before = trained.map(([, parameter]) => parameter.numbers());

  const target = { images: source.images };
  const scalars = scope(() => method.step({ source, target, labelledTarget }, progress));

  expect(Object.keys(scalars)).toEqual([
    ...["source/main", "source/aux", "labelled/main", "labelled/aux"],
  ]);
  const hand = [...ofSource.losses, ...ofLabels.losses];
  for (const [i, loss] of Object.values(scalars).entries()) {
    expect(loss).toBeCloseTo(hand[i] as number, 5);
  }
  let [moved, error] = [0, 0];
  for (const [i, [, parameter]] of trained.entries()) {
    for (const [j, value] of parameter.numbers().entries()) {
      const [one = 0, other = 0] = [ofSource.gradients[i]?.[j], ofLabels.gradients[i]?.[j]];
      const step = (before[i]?.[j] as number) - value;
      moved = Math.max(moved, Math.abs(step));
      error = Math.max(error, Math.abs(step - RATE * (one + WEIGHT * other)));
    }
  }
  expect(moved).toBeGreaterThan(1e-2);
  expect(error).toBeLessThan(1e-6);
  for (const tensor of [...Object.values(source), ...Object.values(labelledTarget)]) {
    tensor.dispose();
  }
  dispose();
});

describe.each(METHODS)("%s", (method) => {
  const outcome = (labelledWeight?: number, labels = (id: number): number => id) =>
    using({ method, context: { labelledWeight } }, async (run) => {
      const labelledTarget = tinyDataset(3, { first: 10, relabel: labels });
      const reports = await trainTiny(run, { steps: 3, labelledTarget });
      return { learnt: everything(run), scalars: reports.map(({ scalars }) => scalars) };
    });

  test("weight 0 logs the losses of the labels and learns the same bits as without", async () => {
    const [without, zero] = [await outcome(), await outcome(0)];
    for (const scalars of zero.scalars) expect(scalars["labelled/main"]).toBeGreaterThan(0);
    expect(zero.learnt).toEqual(without.learnt);
    expect(zero.scalars.map(others)).toEqual(without.scalars);
  });

  test("the labels are learned from with any other weight", async () => {
    const right = await outcome(0.5);
    expect(right.learnt).not.toEqual((await outcome(0)).learnt);
    expect((await outcome(0.5, (id) => (id + 1) % 3)).learnt).not.toEqual(right.learnt);
  });
});

test("labels that are all ignored end the run", async () => {
  await using({ method: "source-only", context: { labelledWeight: 1 } }, async (run) => {
    const labelledTarget = tinyDataset(2, { relabel: () => 255 });
    await expect(trainTiny(run, { steps: 3, labelledTarget })).rejects.toMatchObject({
      code: "no-labels",
    });
  });
});
