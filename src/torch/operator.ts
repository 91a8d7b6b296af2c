import { schemaOf } from "./calls.js";
import { calls, type Tensor } from "./tensor.js";

// Functions of any ATen operator by its schema name, such as "add.Tensor" or "conv2d", which is looked
// up when the function is called first.

/** What operators take; `undefined` stands for the schema's default. */
export type Argument =
  | Tensor
  | number
  | boolean
  | string
  | null
  | undefined
  | readonly (Tensor | number | boolean | null)[];

/** Is told of a call of an operator with one result, which is its first argument if in place. */
export type Listener = (name: string, args: readonly Argument[], result: Tensor) => void;

/** An operator with one tensor as its result. Throws one line naming operator and shapes. */
export function operator(name: string): (...args: Argument[]) => Tensor {
  return calls.operator(name);
}

/** An operator that changes its first argument and returns it. */
export function inPlace(name: string): (self: Tensor, ...args: Argument[]) => Tensor {
  return calls.inPlace(name);
}

/** An operator with several tensors as its result. */
export function operators(name: string): (...args: Argument[]) => Tensor[] {
  return calls.operators(name);
}

/** An operator over lists that changes its first list in place and returns nothing. */
export function listInPlace(name: string): (...args: Argument[]) => void {
  return calls.listInPlace(name);
}

/**
 * Runs `body` and tells `to` of every operator with one result that it calls, in order.
 * @throws if `body` returns a promise
 */
export function listening<T>(to: Listener, body: () => T): T {
  return calls.listening(to, body);
}

/** The schema that libtorch declares for an operator, e.g. for an error or a test. */
export function schema(name: string): string {
  return schemaOf(name);
}
