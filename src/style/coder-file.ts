import { existsSync } from "node:fs";
import { INPUT_FORMATS, type InputName } from "../datasets/input-format.js";
import { UserError } from "../errors.js";
import { missingPath } from "../missing-path.js";
import { loadByName, zerosInit } from "../nn/index.js";
import { dispose, readSafetensors, writeSafetensors } from "../torch/index.js";
import { type Coder, createCoder, frozen } from "./coder.js";
import { createMobilenetCoder } from "./mobilenet-coder.js";

const FORMAT = "cfcontra-coder-1";

/** Writes encoder and decoder to one file, atomically. */
export function saveCoder(path: string, { parameters, kind, width, input }: Coder): void {
  writeSafetensors(path, parameters.all, {
    ...{ format: FORMAT, kind, width: String(width) },
    ...(input === undefined ? {} : { input }),
  });
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
    const coder = frozen(emptyCoder(path, metadata, width, device));
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

/** A coder for the tensors of a file. Draws no random numbers. */
function emptyCoder(
  path: string,
  { kind = "vgg", input = "" }: Readonly<Record<string, string>>, // older files have no kind
  width: number,
  device: string,
): Coder {
  if (kind === "vgg") return createCoder(width, device, zerosInit);
  if (kind === "mobilenetv2" && isInputName(input)) {
    return createMobilenetCoder({ width, input, device });
  }
  throw new UserError(
    "unsupported-file",
    `${path} is a coder of kind ${kind} ${input}, which this version does not know: create it again with ` +
      "`cfcontra style train`",
  );
}

const isInputName = (name: string): name is InputName => Object.hasOwn(INPUT_FORMATS, name);
