// Arguments for any operator, of the types of its schema, many of them at the limits of what it accepts.
import {
  arange,
  empty,
  full,
  ones,
  operator,
  scope,
  tensor,
  zeros,
} from "../../dist/torch/index.js";

/**
 * The types of the parameters in a schema, such as ["Tensor", "int[2]", "Scalar?"].
 * @param {string} schema
 */
export function parameterTypes(schema) {
  /** @type {string[]} */
  const types = [];
  let depth = 0;
  let text = "";
  const end = () => {
    const [word = ""] = text.trim().split(" ");
    const type = word.replace(/\([^)]*\)/, ""); // "Tensor(a!)": without the alias
    if (type !== "" && type !== "*") types.push(type);
    text = "";
  };
  for (const letter of schema.slice(schema.indexOf("(") + 1)) {
    if (letter === ")" && depth === 0) break;
    if ("([".includes(letter)) depth++;
    if (")]".includes(letter)) depth--;
    if (letter === "," && depth === 0) end();
    else text += letter;
  }
  end();
  return types;
}

const SHAPES = [[], [0], [1], [3], [2, 3], [3, 3], [0, 3], [1, 3, 4, 4], [2, 1, 3, 4, 4]];
const DTYPES = /** @type {const} */ (["float64", "bfloat16", "float16", "bool", "int8"]);
const TENSORS = [
  ...SHAPES.map((shape) => () => ones(shape)),
  () => ones(Array(70).fill(1)), // more dimensions than libtorch's own code expects
  () => full([3], Number.NaN),
  ...DTYPES.map((dtype) => () => ones([2, 3], { dtype })),
  () => zeros([3], { dtype: "uint8" }),
  () => arange(3),
  ...[-1, 100, 2 ** 40].map((value) => () => full([3], value, { dtype: "int64" })),
  () => tensor(Int32Array.of(0, 1)),
  () => ones([3, 2]).transpose(0, 1),
  () => ones([1]).expand(3, 3),
  () => ones([4, 4]).slice(0, 1, 4, 2),
  () => empty([2, 2], { device: "meta" }),
  () => operator("to_sparse")(ones([2, 3])),
  () => operator("_to_sparse_csr")(ones([2, 3])),
  () => operator("to_mkldnn")(ones([2, 3])),
  () => operator("quantize_per_tensor")(ones([2, 3]), 0.1, 0, 13),
  () => operator("complex")(ones([2]), ones([2])),
  () => operator("_efficientzerotensor")([2, 3]),
  () => operator("_neg_view")(ones([3])),
  () => leaf().mul(2),
  leaf,
];

function leaf() {
  const made = ones([2, 3]);
  made.requiresGrad = true;
  return made;
}

/** Tensors of many kinds, as far as this libtorch has them. */
export function oddTensors() {
  return TENSORS.flatMap((make) => {
    try {
      return scope(make);
    } catch {
      return [];
    }
  });
}

const INTEGERS = [0, 0, 1, 1, 1, 2, 2, 3, -1, -2, 4, 7, 33];
const LARGE = [2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 40, 2 ** 53, -(2 ** 53), 2 ** 63];
const FLOATS = [0, -0, 1, -1, 0.5, 1e-30, 1e30, Number.NaN, Number.POSITIVE_INFINITY];
const STRINGS = [
  "",
  "mean",
  "none",
  "reflect",
  "linear",
  "floor",
  "ij",
  "L",
  "\0",
  "x".repeat(300),
];
const DEVICES = ["cpu", "cpu", "meta", "cuda", "cuda:300", "toaster", ""];

/** What no parameter takes, or only by chance. */
const STRANGE = [
  ...[
    undefined,
    null,
    {},
    { handle: 1 },
    () => 0,
    Symbol("odd"),
    1n,
    "one",
    true,
    0.5,
    2 ** 60,
    -1,
  ],
  ...[[], [null], [undefined], [[1]], new Array(2 ** 24), new Float32Array(2), new ArrayBuffer(8)],
];

/** @typedef {import("../../dist/datasets/random.js").Random} Random */

/**
 * An array whose elements are gone, or throw, once they are read.
 * @param {Random} random
 */
function trap(random) {
  const list = [1, 2, 3];
  Object.defineProperty(list, 1, {
    get() {
      list.length = 0;
      if (random.chance(0.5)) throw new RangeError("a trap");
      return 1;
    },
  });
  return list;
}

/**
 * Arguments for parameters of these types, with handles of some of `tensors` among them.
 * @param {readonly string[]} types
 * @param {readonly import("../../dist/torch/index.js").Tensor[]} tensors
 * @param {Random} random
 */
export function oddArguments(types, tensors, random) {
  /**
   * @template T
   * @param {readonly T[]} list
   */
  const pick = (list) => /** @type {T} */ (list[random.below(list.length)]);
  const integer = () => pick(random.chance(0.1) ? LARGE : INTEGERS);
  const some = (/** @type {() => unknown} */ draw) => Array.from({ length: random.below(6) }, draw);
  /** @type {Record<string, () => unknown>} */
  const ofType = {
    Tensor: () => pick(tensors).handle,
    int: integer,
    SymInt: integer,
    float: () => pick(FLOATS),
    Scalar: () => (random.chance(0.5) ? integer() : pick(FLOATS)),
    bool: () => random.chance(0.5),
    str: () => pick(STRINGS),
    Device: () => pick(DEVICES),
    ScalarType: () => random.below(20),
    Layout: () => random.below(5),
    MemoryFormat: () => random.below(5),
  };
  /**
   * @param {string} type
   * @returns {unknown}
   */
  const draw = (type) => {
    if (random.chance(0.03)) return random.chance(0.2) ? trap(random) : pick(STRANGE);
    if (type.endsWith("?"))
      return random.chance(0.4) ? pick([null, undefined]) : draw(type.slice(0, -1));
    const [, element] = /^(.*)\[\d*\]$/.exec(type) ?? [];
    if (element !== undefined) return some(() => draw(element));
    return (ofType[type] ?? (() => pick(STRANGE)))();
  };
  const drawn = types.map(draw);
  if (random.chance(0.03)) drawn.length = random.below(drawn.length + 1);
  if (random.chance(0.03)) drawn.push(...some(() => pick(STRANGE)));
  return drawn;
}
