import { expect, test } from "vitest";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { killAndResume } from "./kill.js";

test("a run that was killed four times ends in the same bits as an uninterrupted one", async () => {
  await inTemporaryFolder(async (folder) => {
    // Throws for the first bit that differs, and for the first checkpoint that is lost.
    const { whileWriting, whileTraining } = await killAndResume({ folder, times: 4, seed: 3 });
    expect(whileWriting + whileTraining).toBeGreaterThan(0); // not only before the first checkpoint
  });
});
