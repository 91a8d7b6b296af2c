import { afterAll, describe, expect, test } from "vitest";
import {
  deeplabV2,
  fitPublished,
  type Network,
  type ProjectionHeadName,
} from "../../src/network/index.js";
import { dispose } from "../../src/torch/index.js";

const made: Network[] = [];
function network(head: ProjectionHeadName): Network {
  const one = deeplabV2({ backbone: "resnet18", classes: 3, head, width: 0.125 });
  made.push(one);
  return one;
}
afterAll(() => dispose(made.map(({ parameters }) => parameters.all)));

describe("a file's projection is taken if its kind and size are the network's:", () => {
  test.each([
    ["moco", "moco", [], []],
    ["moco", "none", [], ["head"]],
    ["moco", "linear", ["head"], ["head"]], // linear's names are some of moco's
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

describe("a file's classifiers are taken", () => {
  test.each([
    [/^layer5\./, ["layer5"], []], // with the main one
    [/^layer6\./, ["layer5", "layer6"], ["layer5"]], // else a layer5 is another head
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
