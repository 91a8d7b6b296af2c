import { expect, test } from "vitest";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { killAndResume } from "./kill.js";

test("a run killed four times ends in the bits of one that nobody killed", async () => {
  await inTemporaryFolder(async (folder) => {
    // It throws for the first bit that differs and the first checkpoint that is lost.
    const { kills, runs, ...moments } = await killAndResume({ folder, times: 4, seed: 3 });
    const { whileStarting, whileWriting, whileTraining } = moments;
    expect(whileStarting + whileWriting + whileTraining).toBe(kills);
    expect(whileWriting + whileTraining).toBeGreaterThan(0);
  });
});
