import { native } from "./native.js";
import { synchronous } from "./synchronous.js";

/** The part of a tensor that a call needs. */
export interface HasHandle {
  readonly handle: number;
}

/** `Argument` of operator.ts. */
export type ArgumentOf<T extends HasHandle> =
  | T
  | number
  | boolean
  | string
  | null
  | undefined
  | readonly (T | number | boolean | null)[];

/** `Listener` of operator.ts. */
export type ListenerTo<T extends HasHandle> = (
  name: string,
  args: readonly ArgumentOf<T>[],
  result: T,
) => void;

/** What `callsFor` returns. */
export type Calls<T extends HasHandle> = ReturnType<typeof callsFor<T>>;

const ids = new Map<string, number>();

/** The addon's number for an operator, such as "add.Tensor", "conv2d" or "quantized::add". */
function idOf(name: string): number {
  const known = ids.get(name);
  if (known !== undefined) return known;
  const [base = "", overload = ""] = name.split(".");
  const id = native.lookup(base.includes("::") ? base : `aten::${base}`, overload);
  ids.set(name, id);
  return id;
}

/** The schema that libtorch declares for an operator. */
export const schemaOf = (name: string): string => native.schema(idOf(name));

function lower(argument: unknown): unknown {
  if (typeof argument !== "object" || argument === null) return argument;
  if ("handle" in argument) return argument.handle;
  return Array.isArray(argument) ? argument.map(lower) : argument;
}

/** An operator, looked up at its first use. It returns the addon's result, with handles for tensors. */
function caller(name: string): (args: unknown[]) => unknown {
  let id = -1;
  return (args) => {
    if (id < 0) id = idOf(name);
    for (let i = 0; i < args.length; i++) args[i] = lower(args[i]);
    return native.call(id, ...args);
  };
}

/** Frees a result that the caller cannot use, and returns an error with the right way to call. */
function unexpected(name: string, made: unknown, one: boolean): Error {
  for (const handle of [made].flat(Number.POSITIVE_INFINITY)) {
    if (typeof handle === "number") native.dispose(handle);
  }
  return new Error(
    one
      ? `${name} does not return one tensor: call it with operators("${name}")`
      : `${name} does not return a list of tensors: call it with operator("${name}")`,
  );
}

/** Functions that call operators: see operator.ts. `tensorOf` creates a tensor from its handle. */
export function callsFor<T extends HasHandle>(tensorOf: (handle: number) => T) {
  let listener: ListenerTo<T> | undefined;

  function listening<R>(to: ListenerTo<T>, body: () => R): R {
    const outer = listener;
    listener = to;
    try {
      return synchronous("listening", body);
    } finally {
      listener = outer;
    }
  }

  function operator(name: string): (...args: ArgumentOf<T>[]) => T {
    const call = caller(name);
    return (...args) => {
      const given = listener && [...args]; // the call replaces them with handles
      const made = call(args);
      if (typeof made !== "number") throw unexpected(name, made, true);
      const result = tensorOf(made);
      if (given) listener?.(name, given, result);
      return result;
    };
  }

  function inPlace(name: string): (self: T, ...args: ArgumentOf<T>[]) => T {
    const call = caller(name);
    return (self, ...args) => {
      native.dispose(call([self, ...args]) as number);
      listener?.(name, [self, ...args], self);
      return self;
    };
  }

  function operators(name: string): (...args: ArgumentOf<T>[]) => T[] {
    const call = caller(name);
    return (...args) => {
      const made = call(args);
      if (!isHandles(made)) throw unexpected(name, made, false);
      return made.map((handle) => tensorOf(handle));
    };
  }

  function listInPlace(name: string): (...args: ArgumentOf<T>[]) => void {
    const call = caller(name);
    return (...args) => void call(args);
  }

  return { operator, inPlace, operators, listInPlace, listening };
}

function isHandles(made: unknown): made is number[] {
  return Array.isArray(made) && made.every((handle) => typeof handle === "number");
}
