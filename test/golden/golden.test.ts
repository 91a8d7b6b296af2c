import { describe, expect, it } from "vitest";
import { readGolden, u } from "./golden.js";

describe("the golden vectors' generator", () => {
  it("rebuilds the recorded image and label from their names", () => {
    const golden = readGolden("deeplab_v2_resnet101.safetensors");
    const image = golden.get("image")?.data as Float32Array;
    const made = Float32Array.from(u("input/image", image.length), (value) => value * 100);
    expect(made).toEqual(image);
    const label = golden.get("label")?.data as BigInt64Array;
    const ids = Array.from(u("input/label", label.length), (value) => {
      const id = Math.floor((21 * (value + 1)) / 2);
      return id >= 19 ? 255 : id;
    });
    expect(ids).toEqual(Array.from(label, Number));
  });
});
