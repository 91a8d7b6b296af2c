import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openImageFile } from "../../src/dashboard/image-scores.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

test("a file that begins with an empty line is read to its end", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "images.jsonl");
    const row = { step: 1, set: "val", name: "a", miou: 0.5, iou: [0.5] };
    await writeFile(path, `\n${JSON.stringify(row)}\n`);
    const scores = await openImageFile(path).read();
    expect(scores === undefined || scores.has("val")).toBe(true);
  });
});
