// Properties of every decoder of the registry, including new ones.
import { describe, expect, test } from "vitest";
import {
  batchStatistics,
  createNetwork,
  DECODERS,
  type DecoderName,
  fitPublished,
  type Network,
  type NetworkOptions,
  recognise,
} from "../../src/network/index.js";
import { heInit } from "../../src/nn/index.js";
import { autocast, dispose, randn, scope, type Tensor } from "../../src/torch/index.js";

function using(
  decoder: DecoderName,
  use: (network: Network) => unknown,
  options: Partial<NetworkOptions> = {},
): void {
  const network = createNetwork({
    ...{ backbone: "mobilenetv2", decoder, classes: 5, head: "linear", width: 0.25 },
    ...{ init: heInit, ...options },
  });
  try {
    scope(() => use(network));
  } finally {
    dispose(network.parameters.all);
  }
}

const namesOf = (tensors: ReadonlyMap<string, Tensor>) => [...tensors.keys()];

describe.each(DECODERS)("%s", (decoder) => {
  test.each([
    [8, 1, 64, 96],
    [16, 2, 61, 90],
  ] as const)(
    "predicts at output stride %i, batch %i, of %i x %i",
    (outputStride, n, height, width) => {
      using(
        decoder,
        (network) => {
          const { aux, main, features } = network.forward(randn([n, 3, height, width]), true);
          expect(aux.shape.slice(0, 2)).toEqual([n, 5]);
          expect(main.shape.slice(0, 2)).toEqual([n, 5]);
          expect(features.shape.slice(0, 2)).toEqual([n, network.featureSize]);
          expect(aux.shape.slice(2)).toEqual(features.shape.slice(2));
          expect(Math.abs(features.size(2) - height / outputStride)).toBeLessThanOrEqual(1);
          expect(main.size(2)).toBeGreaterThanOrEqual(features.size(2));
          expect(network.project(features, true).shape).toEqual(features.shape);
          for (const map of [aux, main, features])
            expect(map.isFinite().not().sum().item()).toBe(0);
        },
        { outputStride },
      );
    },
  );

  test.each([
    ["float32", 1],
    ["bfloat16", 2],
  ] as const)("learns in all of its parameters, in %s", (precision, n) => {
    using(decoder, ({ parts, parameters, forward }) => {
      const running = batchStatistics(new Map([...parts.aux.all, ...parts.main.all]));
      const before = running.map((tensor) => `${tensor.numbers()}`);
      const { aux, main } = autocast(precision, () => forward(randn([n, 3, 64, 96]), true));
      expect([aux.dtype, main.dtype]).toEqual(["float32", "float32"]);
      main.mul(main).mean().add(aux.mul(aux).mean()).backward();
      const moved = running.filter((tensor, i) => `${tensor.numbers()}` !== before[i]);
      expect(moved.length).toBe(running.length);
      for (const tensor of parameters.all.values())
        expect(tensor.isFinite().not().sum().item()).toBe(0);
      const idle = [...parameters.trainable].filter(
        ([name, { grad }]) => !name.startsWith("head.") && !(grad && grad.norm().item() > 0),
      );
      expect(namesOf(new Map(idle))).toEqual([]);
    });
  });

  test("is recognised by its tensors, and a network of its kind starts from its checkpoints", () => {
    using(decoder, (network) => {
      const { parameters, parts } = network;
      expect(recognise(parameters.all)).toMatch(
        /^DeepLab-v\S+ MobileNetV2 at width 0\.25, 5 classes$/,
      );
      const withoutAux = [...parameters.all].filter(([name]) => !parts.aux.all.has(name));
      expect(recognise(new Map(withoutAux))).toContain(`without ${parts.aux.scope}`);
      const { tensors, fresh, skipped } = fitPublished(parameters.all, network);
      expect(namesOf(tensors)).toEqual(namesOf(parameters.all));
      expect([fresh, skipped]).toEqual([[], []]);
    });
  });

  test("has a twin of the same shape, without shared tensors", () => {
    using(decoder, (network) => {
      const twin = network.twin();
      const shapes = ({ parameters }: Network) =>
        [...parameters.all].map(([name, { shape }]) => `${name} ${shape}`);
      expect(shapes(twin)).toEqual(shapes(network));
      dispose(twin.parameters.all);
    });
  });
});

test("decoders are not confused", () => {
  const words = new Set<string | undefined>();
  for (const decoder of DECODERS)
    using(decoder, ({ parameters }) => words.add(recognise(parameters.all)));
  expect(words.size).toBe(DECODERS.length);
});
