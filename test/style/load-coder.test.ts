import { join } from "node:path";
import { expect, test } from "vitest";
import { createCoder } from "../../src/style/coder.js";
import { loadPublished } from "../../src/style/load-coder.js";
import { dispose, randn, writePyTorch } from "../../src/torch/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { digests } from "../train/tiny.js";
import { userError } from "../user-error.js";

test("AdaIN's published pair loads by the numbers of its layers", async () => {
  const [given, coder] = [createCoder(0.125), createCoder(0.125)];
  await inTemporaryFolder(async (folder) => {
    const part = (name: string) =>
      [...given.parameters.all]
        .filter(([own]) => own.startsWith(name))
        .map(([own, each]) => [own.slice(name.length), each] as const);
    const [encoder, decoder] = [join(folder, "vgg_normalised.pth"), join(folder, "decoder.pth")];
    const deeper = [32, 35, 38, 41, 45, 48, 51].flatMap((index) => [
      [`${index}.weight`, randn([64, 64, 3, 3])] as const,
      [`${index}.bias`, randn([64])] as const,
    ]);
    writePyTorch(encoder, new Map([...part("vgg."), ...deeper]));
    writePyTorch(decoder, new Map(part("decoder.")));
    loadPublished(coder, encoder, decoder);
    expect(digests(coder.parameters.all)).toEqual(digests(given.parameters.all));
    const swapped = () => loadPublished(coder, decoder, encoder);
    await userError(swapped, "weights-mismatch", decoder, "vgg_normalised.pth");
  });
  dispose([given.parameters.all, coder.parameters.all]);
});
