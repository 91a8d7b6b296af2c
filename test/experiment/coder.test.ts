import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findCoder } from "../../src/experiment/coder.js";
import { parseConfig } from "../../src/experiment/config.js";
import { openDomains } from "../../src/experiment/domains.js";
import { createCoder, saveCoder } from "../../src/style/index.js";
import { dispose } from "../../src/torch/index.js";
import { tiny } from "../cli/cli.js";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";

test("a run that trains a coder uses another's that was saved under its name in the meantime", async () => {
  await inTemporaryFolder(async (root) => {
    await makeDomains(root);
    const file = join(root, "coder.safetensors");
    const training = { width: 0.05, reproduce: 1, steps: 2, batch: 1, crop: 16 };
    const style = { method: "adain", coder: file, training };
    const config = parseConfig(tiny(root, { style }), "test");
    const other = createCoder(0.1);
    const notes: string[] = [];
    const listener = {
      note: (sentence: string) => notes.push(sentence),
      progress: () => {
        if (!existsSync(file)) saveCoder(file, other);
      },
    };
    const coder = await findCoder(config, await openDomains(config, listener), listener);
    expect(coder.width).toBe(other.width);
    expect(notes.at(-1)).toBe(`${file} was saved by another run in the meantime: using that`);
    for (const { parameters } of [coder, other]) dispose(parameters.all);
  });
});
