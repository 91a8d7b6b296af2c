import { describe, expect, test } from "vitest";
import { dispose } from "../../src/torch/index.js";
import { type CheckpointInfo, saveInto, startFrom } from "../../src/train/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";
import { build, equalNames, type Options } from "./small-network.js";
import { digests, tinyClasses, tinyRun } from "./tiny.js";

describe("a checkpoint gives its weights only to a network of the same meaning:", () => {
  const { names } = tinyClasses;
  const tiny = { classes: names.length, width: 0.125 };

  /** Saves a checkpoint of these metadata, and calls `use` with its path and the run. */
  async function checkpoint(
    info: Partial<CheckpointInfo>,
    use: (path: string, run: ReturnType<typeof tinyRun>) => Promise<void> | void,
    method: "source-only" | "self-training" = "source-only",
  ): Promise<void> {
    const run = tinyRun({ method, head: "moco" });
    await inTemporaryFolder(async (folder) => {
      const whole = { step: 2, method, classes: names, network: { backbone: "resnet18" }, ...info };
      await use(saveInto(folder, whole, run.network, run.method), run);
    }).finally(() => run.dispose());
  }

  test("the same classes in another order are refused, with both lists", async () => {
    await checkpoint({}, async (path, run) => {
      const network = build(tiny);
      const before = digests(network.parameters.all);
      const classes = [...names].reverse();
      const start = () => startFrom(path, network, { classes });
      const said = [path, names.join(", "), classes.join(", "), "network.weightsFor=backbone"];
      await userError(start, "class-mismatch", ...said);
      expect(digests(network.parameters.all)).toEqual(before);
      startFrom(path, network, { classes: names });
      expect(digests(network.parameters.all)).toEqual(digests(run.network.parameters.all));
      dispose(network.parameters.all);
    });
  });

  test.each([
    [{ backbone: "resnet18", input: "torchvision" }, {}, "network.input=torchvision"],
    [{ backbone: "resnet18" }, { input: "torchvision" }, "network.input=caffe"],
    [{ backbone: "resnet101-v1.5" }, {}, "network.backbone=resnet101-v1.5 and network.input="],
  ] as [object, Options, string][])("%o into %o: set %s", async (trained, options, setting) => {
    await checkpoint({ network: { ...trained } }, async (path) => {
      const network = build({ ...tiny, ...options });
      const start = () => startFrom(path, network, { classes: names });
      await userError(start, "weights-mismatch", path, setting);
      dispose(network.parameters.all);
    });
  });

  test("the same pixels, however they are named, are accepted", async () => {
    await checkpoint({ network: { backbone: "resnet18" } }, (path) => {
      const network = build({ ...tiny, input: "caffe" });
      expect(startFrom(path, network, { classes: names })).toContain("tensors");
      dispose(network.parameters.all);
    });
  });

  test("the backbone alone goes into a network with other classes", async () => {
    await checkpoint({}, (path, run) => {
      const network = build({ ...tiny, classes: 7 });
      const classes = ["a", "b", "c", "d", "e", "f", "g"];
      const note = startFrom(path, network, { classes, backboneOnly: true });
      expect(note).toMatch(/initialised: layer5, layer6, head; not used: layer5, layer6, head of/);
      expect(equalNames(network, run.network)).toEqual(
        expect.arrayContaining([...network.parts.backbone.all.keys()]),
      );
      dispose(network.parameters.all);
    });
  });

  test("the note names the copy that was taken, and the other", async () => {
    await checkpoint(
      {},
      (path) => {
        const network = build(tiny);
        expect(startFrom(path, network)).toContain("taken: network/*, not method/teacher.*");
        dispose(network.parameters.all);
      },
      "self-training",
    );
  });
});
