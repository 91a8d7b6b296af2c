import { spawnSync } from "node:child_process";
import { afterAll, describe, expect, test } from "vitest";
import {
  deeplabV2,
  fitPublished,
  type Network,
  type ProjectionHeadName,
} from "../../src/network/index.js";
import { loadByName } from "../../src/nn/index.js";
import { dispose, randn, scope, type Tensor } from "../../src/torch/index.js";
import { relativeError } from "../golden/relative-error.js";
import { PYTHON, pythonHas } from "../python.js";
import { skipUnless } from "../skip.js";

const made: Network[] = [];
function network(head: ProjectionHeadName, rates?: readonly number[]): Network {
  const shape = { backbone: "resnet18", classes: 3, head, width: 0.125 } as const;
  const one = deeplabV2({ ...shape, ...(rates && { rates }) });
  made.push(one);
  return one;
}
afterAll(() => dispose(made.map(({ parameters }) => parameters.all)));

describe("a file's projection is loaded if its kind and size are the network's:", () => {
  test.each([
    ["moco", "moco", [], []],
    ["moco", "none", [], ["head"]],
    ["moco", "linear", ["head"], ["head"]], // the names of linear are a subset of moco's
    ["linear", "moco", ["head"], ["head"]],
    ["none", "moco", ["head"], []],
    ["none", "none", [], []],
  ] as const)("%s into %s", (theirs, ours, fresh, skipped) => {
    const [donor, into] = [network(theirs), network(ours)];
    const fitting = fitPublished(donor.parameters.all, into);
    expect(fitting.fresh).toEqual(fresh);
    expect(fitting.skipped).toEqual(skipped);
    expect([...fitting.tensors.keys()]).toEqual([...fitting.wanted.keys()]);
  });
});

describe("a file's classifiers are loaded", () => {
  test.each([
    [/^layer5\./, ["layer5"], []], // with the main one
    [/^layer6\./, ["layer5", "layer6"], ["layer5"]], // otherwise a layer5 is another head
    [/^layer[56]\./, ["layer5", "layer6"], []],
  ])("without %s", (gone, fresh, skipped) => {
    const [donor, into] = [network("none"), network("none")];
    const file = new Map([...donor.parameters.all].filter(([name]) => !gone.test(name)));
    const fitting = fitPublished(file, into);
    expect(fitting.fresh).toEqual(fresh);
    expect(fitting.skipped).toEqual(skipped);
    expect([...fitting.tensors.keys()]).toEqual([...fitting.wanted.keys()]);
  });
});

describe("branches of a file's classifiers", () => {
  const spare = (...branches: number[]) =>
    branches.flatMap((i) => [`layer5.conv2d_list.${i}`, `layer6.conv2d_list.${i}`]);
  test.each([
    [[6, 12], spare(2, 3)],
    [[6], spare(1, 2, 3)],
    [[6, 12, 18, 24], []],
  ])("are left out after the dilations %j", (rates, skipped) => {
    const [donor, into] = [network("none"), network("none", rates)];
    const fitting = fitPublished(donor.parameters.all, into);
    expect([fitting.fresh, fitting.skipped]).toEqual([[], skipped]);
    expect([...fitting.tensors.keys()].sort()).toEqual([...fitting.wanted.keys()].sort());
  });

  test("are not loaded for other dilations", () => {
    const [donor, into] = [network("none"), network("none", [12, 24])];
    const { tensors, wanted } = fitPublished(donor.parameters.all, into);
    expect(wanted.has("layer6.conv2d_list.2.weight")).toBe(false);
    expect(tensors.has("layer6.conv2d_list.2.weight")).toBe(true); // loading fails and names it
  });

  test("are named once if the whole classifier is left out", () => {
    const [donor, into] = [network("none"), network("none", [6, 12])];
    const file = new Map([...donor.parameters.all].filter(([name]) => !/^layer6/.test(name)));
    expect(fitPublished(file, into).skipped).toEqual(["layer5"]);
  });
});

/** AdaptSegNet's classifier, which returns inside the loop over its branches. */
const ADAPTSEGNET = `
import json, sys
import torch
class Classifier(torch.nn.Module):
    def __init__(self, inputs, classes):
        super().__init__()
        self.conv2d_list = torch.nn.ModuleList(
            torch.nn.Conv2d(inputs, classes, 3, padding=rate, dilation=rate) for rate in (6, 12, 18, 24))
    def forward(self, x):
        out = self.conv2d_list[0](x)
        for i in range(len(self.conv2d_list) - 1):
            out += self.conv2d_list[i + 1](x)
            return out
case = json.load(sys.stdin)
of = lambda one: torch.tensor(one["values"]).reshape(one["shape"])
x = of(case["features"])
module = Classifier(x.shape[1], case["classes"])
module.load_state_dict({name: of(one) for name, one in case["weights"].items()})
print(json.dumps(module(x).flatten().tolist()))
`;

test(
  "AdaptSegNet's weights give AdaptSegNet's logits with rates [6, 12]",
  skipUnless(pythonHas("torch"), "pytorch"),
  () => {
    const [donor, into] = [network("none"), network("none", [6, 12])];
    for (const tensor of donor.parts.main.all.values()) tensor.detach().normalInPlace(0, 0.1);
    const { tensors, wanted } = fitPublished(donor.parameters.all, into);
    loadByName("file", tensors, wanted, "");
    scope(() => {
      const { features, main } = into.forward(randn([1, 3, 96, 120]), false);
      const plain = (tensor: Tensor) => ({ shape: tensor.shape, values: tensor.numbers() });
      const weights = [...donor.parts.main.all].map(
        ([name, tensor]) => [name.replace("layer6.", ""), plain(tensor)] as const,
      );
      const { stdout, stderr } = spawnSync(PYTHON, ["-c", ADAPTSEGNET], {
        input: JSON.stringify({
          ...{ features: plain(features), classes: 3 },
          weights: Object.fromEntries(weights),
        }),
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      expect(relativeError(main, JSON.parse(stdout) as number[])).toBeLessThan(1e-5);
    });
  },
);
