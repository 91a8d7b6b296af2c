import { existsSync } from "node:fs";
import { UserError } from "../errors.js";
import { missingPath } from "../missing-path.js";
import {
  createParameters,
  type Init,
  loadByName,
  type Parameters,
  zerosInit,
} from "../nn/index.js";
import { dispose, readSafetensors, type Tensor, writeSafetensors } from "../torch/index.js";
import { chain, type Step, vggDecoder, vggEncoder } from "./vgg.js";

/** Features at relu1_1, relu2_1, relu3_1, relu4_1; the last has 1/8 of the image's resolution. */
export type Features = [Tensor, Tensor, Tensor, Tensor];

/** Encoder and decoder with their parameters, `vgg.*` and `decoder.*`. */
export interface Coder {
  readonly parameters: Parameters;
  readonly width: number;
  readonly device: string;
  /** The four levels: `down[i]` computes level i, `up[i]` decodes it. */
  readonly down: readonly Step[];
  readonly up: readonly Step[];
  /** Images [N, 3, H, W], 0..1 -> features of all levels. */
  encode(images: Tensor): Features;
  /** Features at relu4_1 -> images [N, 3, 8 h, 8 w], about 0..1. */
  decode(features: Tensor): Tensor;
}

/** A coder with initial weights. @param width multiplies every channel count; 1 as published */
export function createCoder(width = 1, device = "cpu", init?: Init): Coder {
  const parameters = createParameters(device);
  const down = vggEncoder(parameters.sub("vgg"), width, init);
  const up = vggDecoder(parameters.sub("decoder"), width, init);
  return {
    ...{ parameters, width, device, down, up },
    encode(images) {
      let x = images;
      return down.map((step) => {
        x = step(x);
        return x;
      }) as Features;
    },
    decode: chain([...up].reverse()),
  };
}

const FORMAT = "cfcontra-coder-1";

/** Writes encoder and decoder to one file, atomically. */
export function saveCoder(path: string, { parameters, width }: Coder): void {
  writeSafetensors(path, parameters.all, { format: FORMAT, width: String(width) });
}

/**
 * Reads a file of `saveCoder`. Its weights do not require gradients.
 * @throws UserError if it is missing, damaged or not a coder
 */
export function loadCoder(path: string, device = "cpu"): Coder {
  if (!existsSync(path)) throw missingPath(path, "a file of `cfcontra style train`");
  const { tensors, metadata } = readSafetensors(path);
  try {
    const width = Number(metadata.width);
    if (metadata.format !== FORMAT || !(width > 0)) {
      throw new UserError(
        "unsupported-file",
        `${path} contains tensors, but is not a coder: expected a file of \`cfcontra style train\``,
      );
    }
    const coder = frozen(createCoder(width, device, zerosInit)); // draws no random numbers
    try {
      loadByName(
        path,
        tensors,
        coder.parameters.all,
        "create it again with `cfcontra style train`",
      );
    } catch (error) {
      dispose(coder.parameters.all);
      throw error;
    }
    return coder;
  } finally {
    dispose(tensors);
  }
}

/** Turns off the gradients of a coder. Returns it. */
export function frozen(coder: Coder): Coder {
  for (const parameter of coder.parameters.all.values()) parameter.requiresGrad = false;
  return coder;
}
