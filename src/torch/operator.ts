import { native } from "./native.js";
import { synchronous } from "./synchronous.js";
import type { Tensor } from "./tensor.js";

/** What operators take; `undefined` stands for the schema's default. */
export type Argument =
  | Tensor
  | number
  | boolean
  | string
  | null
  | undefined
  | readonly (Tensor | number | boolean | null)[];

let tensorOf: (handle: number) => Tensor;

/** How tensors are made of handles: said by Tensor itself, whose methods are operators. */
export function tensorsAre(make: (handle: number) => Tensor): void {
  tensorOf = make;
}

function lower(argument: Argument): unknown {
  if (typeof argument !== "object" || argument === null) return argument;
  return "handle" in argument ? argument.handle : argument.map(lower);
}

/**
 * Any ATen operator by its schema name, such as "add.Tensor" or "conv2d", looked up at its first
 * use. The result is what the addon returns: handles stand for tensors.
 */
function caller(name: string): (args: Argument[]) => unknown {
  const [base = "", overload = ""] = name.split(".");
  const qualified = base.includes("::") ? base : `aten::${base}`;
  let id = -1;
  return (args) => {
    if (id < 0) id = native.lookup(qualified, overload);
    for (let i = 0; i < args.length; i++) args[i] = lower(args[i]) as Argument;
    return native.call(id, ...args);
  };
}

/** Is told of a call of an operator with one result, which is its first argument if in place. */
export type Listener = (name: string, args: readonly Argument[], result: Tensor) => void;

let listener: Listener | undefined;

/**
 * Runs `body` and tells `to` of every operator with one result that it calls, in order.
 * @throws if `body` returns a promise
 */
export function listening<T>(to: Listener, body: () => T): T {
  const outer = listener;
  listener = to;
  try {
    return synchronous("listening", body);
  } finally {
    listener = outer;
  }
}

function severalResults(name: string, made: unknown): string {
  for (const handle of Array.isArray(made) ? made : []) {
    if (typeof handle === "number") native.dispose(handle);
  }
  return `${name} has not one tensor as its result: call it by operators("${name}")`;
}

/** An operator with one tensor as its result. Throws one line naming operator and shapes. */
export function operator(name: string): (...args: Argument[]) => Tensor {
  const call = caller(name);
  return (...args) => {
    const given = listener && [...args]; // the call makes handles of them
    const made = call(args);
    if (typeof made !== "number") throw new Error(severalResults(name, made));
    const result = tensorOf(made);
    if (given) listener?.(name, given, result);
    return result;
  };
}

/** An operator that changes its first argument and returns it. */
export function inPlace(name: string): (self: Tensor, ...args: Argument[]) => Tensor {
  const call = caller(name);
  return (self, ...args) => {
    native.dispose(call([self, ...args]) as number);
    listener?.(name, [self, ...args], self);
    return self;
  };
}

/** An operator with several tensors as its result. */
export function operators(name: string): (...args: Argument[]) => Tensor[] {
  const call = caller(name);
  return (...args) => (call(args) as number[]).map(tensorOf);
}

/** An operator over lists that changes its first list in place and returns nothing. */
export function listInPlace(name: string): (...args: Argument[]) => void {
  const call = caller(name);
  return (...args) => void call(args);
}

/** The schema that libtorch declares for an operator, e.g. for an error or a test. */
export function schema(name: string): string {
  const [base = "", overload = ""] = name.split(".");
  return native.schema(native.lookup(`aten::${base}`, overload));
}
