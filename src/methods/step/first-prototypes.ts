import { agreeing, labelsAt, type MemoryBank, prototypeAverage } from "../../contrast/index.js";
import { imagesOf, labelsOf } from "../../datasets/batch.js";
import type { Sample } from "../../datasets/dataset.js";
import { batchStatistics, type Prediction } from "../../network/index.js";
import { alone, noGrad, scope, type Tensor } from "../../torch/index.js";
import type { Domains, MethodContext } from "../method.js";

/** The memory banks of both domains. */
export type Banks = Readonly<Record<"source" | "target", MemoryBank>>;

/** A prediction, and its features [N, D, h, w] in the space of the prototypes. */
export interface Look {
  readonly prediction: Prediction;
  readonly features: Tensor;
}

/** What the first prototypes are computed from. */
export interface FirstPrototypes {
  /** The number of images of each domain. */
  readonly images: Readonly<Record<"source" | "target", number>>;
  /** The prediction for images [N, 3, H, W] in inference mode, and its features in the prototypes' space. */
  look(images: Tensor): Look;
  /** Pseudo-labels int64 [N, h, w] of a target prediction, IGNORE for uncertain pixels. */
  guess(prediction: Prediction, features: Tensor): Tensor;
}

/** Classes int64 [N, h, w] of a prediction at the size of the features, which its logits may exceed. */
export const predictedAt = ({ main }: Prediction, features: Tensor): Tensor =>
  labelsAt(main.detach().argmax(1), features.size(2), features.size(3));

/**
 * Computes the first prototypes in inference mode, with fixed running statistics: of the source's pixels that the
 * network predicts correctly, then of the target's pseudo-labels. arXiv 2103.12371.
 */
export async function initializeBanks(
  banks: Banks,
  domains: Domains,
  context: MethodContext,
  { images, look, guess }: FirstPrototypes,
): Promise<void> {
  const { network, group = alone, warn } = context;
  const visit = async (
    domain: "source" | "target",
    labelsFor: (prediction: Prediction, features: Tensor, sample: Sample) => Tensor,
  ) => {
    const average = prototypeAverage(network.classes, network.featureSize, network.device);
    for await (const sample of domains.samples(domain, images[domain])) {
      noGrad(() =>
        scope(() => {
          const { prediction, features } = look(imagesOf([sample], network.input, network.device));
          average.add(features, labelsFor(prediction, features, sample));
        }),
      );
    }
    average.pool(group);
    scope(() => banks[domain].initialize(average.means()));
    average.dispose();
  };
  group.average(batchStatistics(network.parameters.all)); // the passes below normalise by them
  await visit("source", (prediction, features, sample) => {
    const labels = labelsAt(labelsOf([sample], network.device), features.size(2), features.size(3));
    return agreeing(labels, predictedAt(prediction, features));
  });
  await visit("target", guess);
  for (const [domain, { unseen }] of Object.entries(banks)) {
    if (unseen.length === 0) continue;
    const names = unseen.map((k) => context.classNames?.[k] ?? k);
    warn(
      `the ${domain} bank does not have a prototype yet for class ${names.join(", ")}: ` +
        "the network does not recognise them in its images; each starts with its first batch.",
    );
  }
}
