import type { InputName } from "../datasets/input-format.js";
import { createParameters, type Init, type Parameters } from "../nn/index.js";
import type { Tensor } from "../torch/index.js";
import { chain, type Step } from "./steps.js";
import type { Strips } from "./strips.js";
import { VGG_STRIPS, vggDecoder, vggEncoder } from "./vgg.js";

/** Features of the four levels; those of the last have 1/8 of the image's resolution. */
export type Features = [Tensor, Tensor, Tensor, Tensor];

/** The shape of an encoder. */
export type CoderKind = "vgg" | "mobilenetv2";

/** Some steps of a coder, from the image or to it, that run in strips. */
export interface ShallowSteps extends Strips {
  /** The number of steps. */
  readonly steps: number;
}

/** What distinguishes a coder from others. */
interface CoderParts {
  readonly kind: CoderKind;
  /** The parameters of the encoder, `vgg.*` or `encoder.*`, and those of the decoder, `decoder.*`. */
  readonly parameters: Parameters;
  /** Multiplies the channel counts of the encoder. */
  readonly width: number;
  /** The input format that the encoder's weights expect. VGG's first layer converts colours itself. */
  readonly input?: InputName;
  readonly device: string;
  /** The four levels: `down[i]` computes level i, `up[i]` decodes it. */
  readonly down: readonly Step[];
  readonly up: readonly Step[];
  /** How images of any size are encoded and decoded without gradients. */
  readonly strips: { readonly down: ShallowSteps; readonly up: ShallowSteps };
}

/** Encoder and decoder with their parameters. */
export interface Coder extends CoderParts {
  /** Images [N, 3, H, W], 0..1 -> features of all levels. */
  encode(images: Tensor): Features;
  /** Features of the last level -> images [N, 3, 8 h, 8 w], about 0..1. */
  decode(features: Tensor): Tensor;
}

/** A coder of its parts. */
export function coderOf(parts: CoderParts): Coder {
  const { down, up } = parts;
  return {
    ...parts,
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

/** AdaIN's coder with initial weights. @param width multiplies every channel count; 1 as published */
export function createCoder(width = 1, device = "cpu", init?: Init): Coder {
  const parameters = createParameters(device);
  const down = vggEncoder(parameters.sub("vgg"), width, init);
  const up = vggDecoder(parameters.sub("decoder"), width, init);
  return coderOf({ kind: "vgg", parameters, width, device, down, up, strips: VGG_STRIPS });
}

/** Turns off the gradients of a coder. Returns it. */
export function frozen(coder: Coder): Coder {
  for (const parameter of coder.parameters.all.values()) parameter.requiresGrad = false;
  return coder;
}
