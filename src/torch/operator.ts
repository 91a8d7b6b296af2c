import { schemaOf } from "./calls.js";
import { calls, type Tensor } from "./tensor.js";

// Functions that call any ATen operator by its schema name, such as "add.Tensor" or "conv2d". It is looked
// up at the first call.

/** Arguments of operators; `undefined` selects the schema's default. */
export type Argument =
  | Tensor
  | number
  | boolean
  | string
  | null
  | undefined
  | readonly (Tensor | number | boolean | null)[];

/** Receives a call of an operator with one result, which is the first argument of an in-place operator. */
export type Listener = (name: string, args: readonly Argument[], result: Tensor) => void;

/** An operator that returns one tensor. Errors are one line with the operator and the shapes. */
export function operator(name: string): (...args: Argument[]) => Tensor {
  return calls.operator(name);
}

/** An operator that changes its first argument and returns it. */
export function inPlace(name: string): (self: Tensor, ...args: Argument[]) => Tensor {
  return calls.inPlace(name);
}

/** An operator that returns several tensors. */
export function operators(name: string): (...args: Argument[]) => Tensor[] {
  return calls.operators(name);
}

/** An operator over lists that changes its first list in place and returns nothing. */
export function listInPlace(name: string): (...args: Argument[]) => void {
  return calls.listInPlace(name);
}

/**
 * Runs `body`, and calls `to` for every operator with one result that it calls, in order.
 * @throws if `body` returns a promise
 */
export function listening<T>(to: Listener, body: () => T): T {
  return calls.listening(to, body);
}

/** The schema that libtorch declares for an operator. */
export function schema(name: string): string {
  return schemaOf(name);
}
