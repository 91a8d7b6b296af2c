import { expect, test } from "vitest";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { killAndResume } from "./kill.js";

test("a run killed four times ends in the bits of one that nobody killed", async () => {
  await inTemporaryFolder(async (folder) => {
    const { kills } = await killAndResume({ folder, times: 4, seed: 3 });
    expect(kills).toBe(4);
  });
});
