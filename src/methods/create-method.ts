import type { z } from "zod";
import { checked } from "../checked.js";
import { UserError } from "../errors.js";
import { nearestWord } from "../nearest-word.js";
import type { Network } from "../network/index.js";
import { averaged } from "./averaged.js";
import { withLabelledTarget } from "./labelled-target.js";
import type { Method, MethodContext } from "./method.js";
import { METHODS, type MethodName, methods } from "./methods.js";

/** The options of a method as written by a user. All have defaults. */
export type MethodOptions<Name extends MethodName> = z.input<(typeof methods)[Name]["options"]>;

const DEFAULTS: Omit<MethodContext, "network"> = {
  precision: "float32",
  optimizer: "sgd",
  momentum: 0.9,
  betas: [0.9, 0.999],
  weightDecay: 5e-4,
  duplicateUpdates: false,
  headRate: 10,
  gradientNorms: false,
  warn: (sentence) => console.warn(sentence),
};

/**
 * Creates a method for a network. The caller disposes the tensors of its `state`, and calls its `dispose`.
 * @param context differences from the reference's settings; warnings go to the console by default
 * @throws UserError with the option that is wrong
 */
export function createMethod<Name extends MethodName>(
  name: Name,
  network: Network,
  options: MethodOptions<Name> = {} as MethodOptions<Name>,
  context: Partial<Omit<MethodContext, "network">> = {},
): Method {
  if (!Object.hasOwn(methods, name)) {
    const near = nearestWord(name, METHODS);
    throw new UserError(
      "unknown-name",
      `unknown method ${name}: expected one of ${METHODS.join(", ")}${near ? `; did you mean ${near}?` : ""}`,
    );
  }
  const { options: schema, create } = methods[name];
  const own = checked(schema as z.ZodType, options, `options of ${name}`);
  const whole = { ...DEFAULTS, network, ...context };
  const { ema, labelledWeight } = whole;
  const plain = create(whole, own as never);
  const method =
    labelledWeight === undefined
      ? plain
      : withLabelledTarget(plain, whole, { weight: labelledWeight, aux: auxOf(own as object) });
  return ema === undefined ? method : averaged(method, network, ema);
}

/** The method's weight of the auxiliary head's cross-entropy; 0 for a method without this option. */
const auxOf = (options: object): number =>
  "aux" in options && typeof options.aux === "number" ? options.aux : 0;
