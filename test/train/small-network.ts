import { createNetwork, type Network, type NetworkOptions } from "../../src/network/index.js";
import { heInit } from "../../src/nn/index.js";
import { digests } from "./tiny.js";

export type Options = Partial<NetworkOptions>;

/** A network of five classes, a ResNet-18 of an eighth of its width. */
export function build(options: Options = {}): Network {
  const tiny = { backbone: "resnet18", classes: 5, head: "moco", width: 0.125 } as const;
  return createNetwork({ ...tiny, init: heInit, ...options });
}

/** Names of the tensors that are equal in both networks, to the bit. */
export function equalNames(a: Network, b: Network): string[] {
  const theirs = digests(b.parameters.all);
  return [...digests(a.parameters.all)]
    .filter(([name, digest]) => theirs.get(name) === digest)
    .map(([name]) => name);
}
