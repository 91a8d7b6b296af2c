// Properties of every backbone of the registry, including new ones. Compilation for prediction and export
// are tested in inference.test.ts and test/export/onnx.test.ts.
import { describe, expect, test } from "vitest";
import {
  BACKBONES,
  type BackboneName,
  backbones,
  batchStatistics,
  deeplabV2,
  fitPublished,
  type Network,
  type NetworkOptions,
  parameterGroups,
  recognise,
} from "../../src/network/index.js";
import { createParameters, heInit } from "../../src/nn/index.js";
import {
  autocast,
  dispose,
  noGrad,
  ones,
  randn,
  scope,
  type Tensor,
  type TensorMap,
} from "../../src/torch/index.js";

function using(
  backbone: BackboneName,
  use: (network: Network) => unknown,
  options: Partial<NetworkOptions> = {},
): void {
  const network = deeplabV2({
    ...{ backbone, classes: 5, head: "simclr", width: 0.25, init: heInit },
    ...options,
  });
  try {
    scope(() => use(network));
  } finally {
    dispose(network.parameters.all);
  }
}

const namesOf = (tensors: ReadonlyMap<string, Tensor>) => [...tensors.keys()];
const prefixed = (tensors: TensorMap, prefix: string) =>
  new Map([...tensors].map(([name, tensor]) => [prefix + name, tensor]));

describe.each(BACKBONES)("%s", (name) => {
  test.each([
    [8, 64, 96],
    [8, 61, 90],
    [16, 64, 96],
    [16, 61, 90],
  ] as const)(
    "sees at stride 4 and at output stride %i a %i x %i image",
    (stride, height, width) => {
      const parameters = createParameters();
      const { channels, forward } = backbones[name].create(parameters, {
        ...{ width: 0.25, init: heInit, outputStride: stride },
      });
      scope(() => {
        const features = noGrad(() => forward(randn([2, 3, height, width]), true));
        for (const [key, at] of [
          ["low", 4],
          ["aux", stride],
          ["main", stride],
        ] as const) {
          const [n, c, h, w] = features[key].shape as [number, number, number, number];
          expect([key, n, c]).toEqual([key, 2, channels[key]]);
          expect(Math.abs(h - height / at), key).toBeLessThanOrEqual(1);
          expect(Math.abs(w - width / at), key).toBeLessThanOrEqual(1);
        }
        expect(features.aux.shape.slice(2)).toEqual(features.main.shape.slice(2));
      });
      dispose(parameters.all);
    },
  );

  test("is a part of its network, next to the heads", () => {
    using(name, ({ parts, parameters }) => {
      const { backbone, aux, main, projection } = parts;
      expect(namesOf(parameters.all)).toEqual(
        [backbone, aux, main, projection].flatMap(({ all }) => namesOf(all)),
      );
      for (const head of [aux, main, projection]) {
        expect(head.all.size).toBeGreaterThan(0);
        const inScope = namesOf(parameters.all).filter((own) => own.startsWith(`${head.scope}.`));
        expect(inScope).toEqual(namesOf(head.all));
      }
    });
  });

  test("is trained at the base rate, its heads at a multiple", () => {
    using(name, (network) => {
      const [slow, fast] = parameterGroups(network, { headRate: 7 });
      expect([slow?.rate, fast?.rate]).toEqual([1, 7]);
      const { backbone, aux, main, projection } = network.parts;
      expect(namesOf(slow?.parameters ?? new Map())).toEqual(namesOf(backbone.trainable));
      expect(namesOf(fast?.parameters ?? new Map())).toEqual(
        [aux, main, projection].flatMap(({ trainable }) => namesOf(trainable)),
      );
    });
  });

  test("repeats updates like the reference, or says that it does not", () => {
    using(name, (network) => {
      const groups = () => parameterGroups(network, { duplicateUpdates: true });
      const { duplicates } = network.backbone;
      if (duplicates) expect(groups()[0]?.repeats).toBe(duplicates);
      else expect(groups).toThrow("train.duplicateUpdates");
    });
  });

  test.each(["batch", "kept"] as const)("trains with statistics: %s", (statistics) => {
    const learn = ({ parts: { backbone }, forward }: Network) => {
      const running = batchStatistics(backbone.all);
      const before = running.map((tensor) => tensor.numbers());
      const { aux, main } = forward(randn([2, 3, 64, 96]), true);
      main.mul(main).mean().add(aux.mul(aux).mean()).backward();
      const moved = running.filter((tensor, i) => `${tensor.numbers()}` !== `${before[i]}`);
      expect(moved.length).toBe(statistics === "batch" ? running.length : 0);
      const idle = [...backbone.trainable].filter(
        ([, { grad }]) => !(grad && grad.norm().item() > 0),
      );
      expect(namesOf(new Map(idle))).toEqual([]);
    };
    using(name, learn, { statistics });
  });

  test("trains in bfloat16", () => {
    using(name, ({ parts: { backbone }, forward }) => {
      const { aux, main } = autocast("bfloat16", () => forward(randn([2, 3, 64, 96]), true), "cpu");
      main.mul(main).mean().add(aux.mul(aux).mean()).backward();
      for (const [own, { grad }] of backbone.trainable)
        expect(grad?.isFinite().not().sum().item(), own).toBe(0);
    });
  });

  test("is recognised by its tensors, with its width and under any prefix", () => {
    using(name, ({ parameters, parts }) => {
      const alone = recognise(parts.backbone.all) ?? "";
      expect(alone).toMatch(/^\S+ at width 0\.25, backbone only$/);
      const words = alone.replace(", backbone only", "");
      for (const prefix of ["", "module.", "network/"]) {
        const file = prefixed(parameters.all, prefix);
        expect(recognise(file)).toBe(`DeepLab-v2 ${words}, 5 classes`);
      }
    });
  });

  test("starts from a published file, without the parts that it does not have", () => {
    using(name, (network) => {
      const { leftOut } = backbones[name].published;
      const own = network.parts.backbone.all;
      const rest = leftOut.map(({ scope }) => [`${scope}.weight`, ones([7])] as const);
      const file = prefixed(new Map([...own, ...rest]), "module.");
      const { tensors, wanted, fresh, skipped } = fitPublished(file, network);
      expect(namesOf(tensors)).toEqual(namesOf(own));
      expect(namesOf(wanted)).toEqual(namesOf(own));
      expect(fresh).toEqual(["layer5", "layer6", "head"]);
      expect(skipped).toEqual(leftOut.map(({ scope }) => scope));
    });
  });
});

test("backbones are not confused, except for versions of the same one", () => {
  const words = new Set<string | undefined>();
  for (const name of BACKBONES)
    using(name, ({ parameters }) => words.add(recognise(parameters.all)));
  expect(words.size).toBe(BACKBONES.filter((name) => !name.includes("-v")).length);
});
