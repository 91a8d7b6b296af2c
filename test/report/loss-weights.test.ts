import { expect, test } from "vitest";
import { gradientShares, weightText } from "../../src/report/loss-weights.js";

const weights = { "source/main": 1, "contrast/source": 0.001, "target/entropy": 0 };
const norms = (values: Record<string, number>) => (key: string) => values[key];

test("a loss has its weight and its share of the gradient's norms", () => {
  const shares = gradientShares(
    weights,
    norms({
      ...{ "gradient/source/main": 3, "gradient/contrast/source": 1, "gradient/all": 100 },
      "gradient/discriminator/source": 50, // trains another network
    }),
  );
  expect([...shares]).toEqual([
    ["source/main", 0.75],
    ["contrast/source", 0.25],
  ]);
  const text = (key: string) => weightText(key, weights, shares);
  expect(text("contrast/source")).toBe("x 0.001, 25 % of the gradient");
  expect(text("gradient/contrast/source")).toBe("x 0.001, 25 % of the gradient");
  expect(text("target/entropy")).toBe("x 0");
  expect([text("rate"), text("gradient/all"), text("discriminator/source")]).toEqual(["", "", ""]);
});

test("without logged gradients there is the weight alone, and without losses.json nothing", () => {
  const none = gradientShares(weights, norms({}));
  expect(none.size).toBe(0);
  expect(weightText("contrast/source", weights, none)).toBe("x 0.001");
  expect(gradientShares({}, norms({ "gradient/source/main": 3 })).size).toBe(0);
  expect(weightText("source/main", {}, none)).toBe("");
  expect(gradientShares({ a: 1 }, norms({ "gradient/a": 0 })).size).toBe(0);
});
