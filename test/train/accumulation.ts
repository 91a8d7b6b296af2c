import {
  type ClassMeans,
  classMeans,
  contrastiveLoss,
  labelsAt,
  MemoryBank,
  pseudoLabels,
} from "../../src/contrast/index.js";
import { parseConfig } from "../../src/experiment/config.js";
import { withAbsoluteRoots } from "../../src/experiment/domains.js";
import { silentListener } from "../../src/experiment/listener.js";
import { prepare } from "../../src/experiment/prepare.js";
import type { Batches, TwoDomainMethod } from "../../src/methods/index.js";
import { backpropagate, type WeightedLosses } from "../../src/methods/step/backpropagate.js";
import { entropyLosses } from "../../src/methods/step/entropy-losses.js";
import { networkTrainer } from "../../src/methods/step/network-trainer.js";
import { predict, supervisedLosses } from "../../src/methods/step/supervised.js";
import {
  copyInto,
  dispose,
  noGrad,
  scope,
  type Tensor,
  type TensorMap,
} from "../../src/torch/index.js";
import { trainingSteps } from "../../src/train/index.js";

const WEIGHTS = { aux: 0.1, entropy: 0.001, entropyAux: 0.0002, contrast: 0.5 };

/** Options under which the code below is all of CFContra. */
export const plainCfcontra = { contrast: WEIGHTS.contrast, sourceImages: 3, targetImages: 4 };

/**
 * Trains in one process that processes the samples of a batch one by one, accumulates half of each
 * gradient, and then steps: a second implementation of MinEnt and CFContra. Returns weights, momentum
 * and prototypes.
 */
export async function accumulated(raw: object, folder: string): Promise<Map<string, number[]>> {
  const config = withAbsoluteRoots(parseConfig(raw), folder);
  const parts = await prepare(config, folder, { listener: silentListener });
  const { network, method } = parts;
  const context = { ...config.train, network, warn: () => {} };
  const trainer = networkTrainer(context);
  const contrasting = config.method === "cfcontra";
  const bank = () => new MemoryBank(network.classes, network.featureSize);
  const banks = { source: bank(), target: bank() };

  const half = (losses: WeightedLosses): WeightedLosses =>
    Object.fromEntries(Object.entries(losses).map(([name, [w, loss]]) => [name, [w / 2, loss]]));
  const against = (features: Tensor, labels: Tensor): WeightedLosses => ({
    own: [WEIGHTS.contrast, contrastiveLoss(features, labels, banks.source)],
    other: [WEIGHTS.contrast, contrastiveLoss(features, labels, banks.target)],
  });
  function sourceGradient(images: Tensor, labels: Tensor): ClassMeans | undefined {
    const prediction = predict(context, images);
    const losses = supervisedLosses(prediction, labels, { aux: WEIGHTS.aux });
    if (!contrasting) return void backpropagate(half(losses), context);
    const features = network.project(prediction.features, true);
    const small = labelsAt(labels, features.size(2), features.size(3));
    backpropagate(half({ ...losses, ...against(features, small) }), context);
    return classMeans(features, small, network.classes);
  }
  function targetGradient(images: Tensor): ClassMeans | undefined {
    const prediction = predict(context, images);
    const losses = entropyLosses(prediction, images, WEIGHTS);
    if (!contrasting) return void backpropagate(half(losses), context);
    const features = network.project(prediction.features, true);
    const labels = pseudoLabels(features, banks.source, { threshold: 0.05, distance: "cosine" });
    backpropagate(half({ ...losses, ...against(features, labels) }), context);
    return classMeans(features, labels, network.classes);
  }

  const step = ({ source, target }: Batches, { step, rate }: { step: number; rate: number }) => {
    if (contrasting && step === 0) {
      const first = (name: string) => method.state.get(name) as Tensor;
      copyInto(banks.source.prototypes, first("bank.source"));
      copyInto(banks.target.prototypes, first("bank.target"));
    }
    const found = [0, 1].map((i) => {
      const one = (batch: Tensor) => batch.slice(0, i, i + 1);
      return {
        source: sourceGradient(one(source.images), one(source.labels)),
        target: targetGradient(one(target.images)),
      };
    });
    if (contrasting) {
      banks.source.update(together(found.map((one) => one.source as ClassMeans)));
      banks.target.update(together(found.map((one) => one.target as ClassMeans)));
    }
    trainer.step(rate, []);
    return {};
  };
  const before = method.before;
  const own: TwoDomainMethod = {
    ...{ usesTarget: true, headline: "", state: trainer.state, step },
    ...(before && { before }),
  };
  for await (const _ of trainingSteps({ ...parts.loop, method: own })) {
    // the loop only needs to run
  }
  const learnt: TensorMap = new Map([
    ...named("network/", network.parameters.all),
    ...named("method/", trainer.state),
    ...(contrasting ? named("method/", banks.source.save("bank.source")) : []),
    ...(contrasting ? named("method/", banks.target.save("bank.target")) : []),
  ]);
  const numbers = new Map([...learnt].map(([name, tensor]) => [name, tensor.numbers()]));
  parts.records?.status.end("stopped");
  parts.dispose();
  dispose([trainer.state, banks.source.prototypes, banks.target.prototypes]);
  return numbers;
}

const named = (prefix: string, tensors: TensorMap): [string, Tensor][] =>
  [...tensors].map(([name, tensor]) => [prefix + name, tensor]);

/** The means over the pixels of two batches. */
function together(parts: readonly ClassMeans[]): ClassMeans {
  return noGrad(() =>
    scope(() => {
      const sum = (tensors: readonly Tensor[]) => tensors.reduce((all, one) => all.add(one));
      const counts = sum(parts.map((part) => part.counts));
      const sums = sum(parts.map((part) => part.means.mul(part.counts.unsqueeze(1))));
      return { means: sums.div(counts.clampMin(1).unsqueeze(1)), counts };
    }),
  );
}
