import { UserError } from "../errors.js";
import { copyInto, noGrad, type Tensor, type TensorMap } from "../torch/index.js";
import { below } from "./prefix.js";

type Tensors = ReadonlyMap<string, Tensor>;

/**
 * The prefixes of `name` in those of `names` that end with it: "" or a prefix up to a dot or slash
 * (`module.`, `network/`).
 */
export function prefixesOf(names: Iterable<string>, name: string): string[] {
  return [...names]
    .filter((own) => own === name || own.endsWith(`.${name}`) || own.endsWith(`/${name}`))
    .map((own) => own.slice(0, own.length - name.length));
}

/** The prefixes in a file with which a name of `into` is found, the one with most names first. */
function ranked(from: Tensors, into: Tensors): string[] {
  const [anchor = ""] = into.keys();
  const found = (prefix: string) => [...into.keys()].filter((n) => from.has(prefix + n)).length;
  return prefixesOf(from.keys(), anchor)
    .map((prefix) => ({ prefix, found: found(prefix) }))
    .sort((a, b) => b.found - a.found)
    .map(({ prefix }) => prefix);
}

/** The prefix (`module.`, `Scale.`, `model.state_dict.`, ...) below which most names of `into` are found. */
export const prefixIn = (from: Tensors, into: Tensors): string => ranked(from, into)[0] ?? "";

/**
 * `prefixIn`, then the prefixes of other copies of the network in the file, such as a student and its
 * teacher: those below which every tensor of `whole` is found. A file with one network has no others.
 */
export function copiesIn(from: Tensors, into: Tensors, whole: Tensors): string[] {
  const [first = "", ...others] = ranked(from, into);
  return [
    first,
    ...others.filter((prefix) => [...whole.keys()].every((n) => from.has(prefix + n))),
  ];
}

/** The tensors with the prefix `prefixIn`, under their names without it. Others are left out. */
export const withoutPrefix = (from: Tensors, into: Tensors): TensorMap =>
  below(prefixIn(from, into), from);

const others = (count: number, whole: string) => (count > 1 ? ` (${count} of ${whole})` : "");

/**
 * Copies the tensors of a file into those of the same names, and converts element types. Copies none if a
 * name is missing, unknown or has another shape.
 * @param path of the file, for the message
 * @param advice what to do, for the message
 * @throws UserError with the first tensor that does not fit, and their number
 */
export function loadByName(path: string, from: Tensors, into: Tensors, advice: string): void {
  const misshapen = [...into].filter(([name, { shape }]) => {
    const found = from.get(name);
    return found !== undefined && String(found.shape) !== String(shape);
  });
  const [first] = misshapen;
  if (first) {
    const [name, { shape }] = first;
    throw new UserError(
      "weights-mismatch",
      `${path} does not fit this network: its ${name} is [${from.get(name)?.shape}], not ` +
        `[${shape}]${others(misshapen.length, `${into.size} tensors differ`)}; ${advice}`,
    );
  }
  const missing = [...into.keys()].filter((name) => !from.has(name));
  if (missing.length > 0) {
    const count = others(missing.length, `${into.size} tensors are missing`);
    throw new UserError(
      "weights-mismatch",
      `${path} does not have ${missing[0]}${count}; ${advice}`,
    );
  }
  const spare = [...from.keys()].filter((name) => !into.has(name));
  if (spare.length > 0) {
    const count = others(spare.length, `its ${from.size} tensors are unknown`);
    throw new UserError(
      "weights-mismatch",
      `${path} has ${spare[0]}, which is unknown to this network${count}; ${advice}`,
    );
  }
  noGrad(() => {
    for (const [name, tensor] of into) copyInto(tensor, from.get(name) as Tensor);
  });
}
