import { join } from "node:path";
import { expect, test } from "vitest";
import { liveMemory } from "../../dist/torch/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { damage, kinds } from "./bytes.js";

test.each(Object.keys(kinds))("damaged %s are read, or refused in a sentence", async (kind) => {
  await inTemporaryFolder(async (root) => {
    const { tensors } = liveMemory();
    const options = { folder: join(root, kind), kind, seed: 7, times: kind === "runs" ? 100 : 300 };
    const { read, refused, failures } = await damage(options);
    expect(failures).toEqual([]);
    expect(read + refused).toBe(options.times);
    expect(Math.min(read, refused)).toBeGreaterThan(options.times / 50);
    expect(liveMemory().tensors).toBe(tensors);
  });
});
