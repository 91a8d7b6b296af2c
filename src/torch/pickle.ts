/**
 * A name that a pickle may refer to. `call` creates the value when the pickle calls the name; a name
 * without `call` may be mentioned, but not called.
 */
export class Named {
  readonly name: string;
  readonly call: ((args: readonly unknown[]) => unknown) | undefined;

  constructor(name: string, call?: (args: readonly unknown[]) => unknown) {
    this.name = name;
    this.call = call;
  }
}

/** The values that a pickle can contain besides numbers, strings, lists, tuples and dictionaries. */
export interface Vocabulary {
  /** Names by "module.name". All others are refused. */
  readonly names: ReadonlyMap<string, Named>;
  /** Returns the value of a persistent id. */
  persistent(id: unknown): unknown;
  readonly budget: Budget;
  /** Creates an error from the description of a problem. */
  wrong(what: string): Error;
}

const LONGEST_INTEGER = 32; // bytes
const LONGEST_LINE = 1000; // bytes

/** What the pickles of a file may still take together: a few bytes can ask for gigabytes, or hours. */
export interface Budget {
  /** Opcodes, and items that a call copies. */
  operations: number;
  /** Lists, tuples and dictionaries. */
  tables: number;
  /** Bytes in strings. */
  text: number;
}

/** Some ten times what the largest published checkpoints take. */
export const pickleBudget = (): Budget => ({
  operations: 2 ** 20,
  tables: 2 ** 18,
  text: 2 ** 24,
});
const text = new TextDecoder();

/**
 * Reads one pickle as data. Supports the opcodes of protocols 2 to 5 that build plain values. Nothing is
 * imported or executed: a name is looked up in the vocabulary, or refused.
 *
 * Dictionaries become Maps; lists, tuples and sets become arrays; None becomes null; an integer that does
 * not fit a number becomes a bigint.
 * @returns the value, and the position in `bytes` after the pickle
 * @throws the error of `vocabulary.wrong` for anything else
 */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  { names, persistent, budget, wrong }: Vocabulary,
): { value: unknown; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: unknown[] = [];
  const marks: number[] = [];
  const memo = new Map<number, unknown>();
  let at = start;

  const spend = (what: keyof Budget, count: number) => {
    budget[what] -= count;
    if (budget[what] < 0) throw wrong("its pickle is longer than any network's");
  };
  /** Skips `count` bytes, and returns the position of the first. */
  const take = (count: number): number => {
    if (!(count >= 0 && count <= bytes.length - at)) throw wrong("its pickle is truncated");
    at += count;
    return at - count;
  };
  const u8 = () => view.getUint8(take(1));
  const u16 = () => view.getUint16(take(2), true);
  const i32 = () => view.getInt32(take(4), true);
  const u32 = () => view.getUint32(take(4), true);
  const u64 = () => Number(view.getBigUint64(take(8), true));
  const raw = (count: number) => {
    const start = take(count);
    spend("text", count);
    return bytes.slice(start, at);
  };
  const string = (count: number) => {
    const start = take(count);
    spend("text", count);
    return text.decode(bytes.subarray(start, at));
  };
  const line = () => {
    const length = bytes.subarray(at, at + LONGEST_LINE).indexOf(10);
    if (length < 0) throw wrong("its pickle is truncated, or has a name that is too long");
    return string(length + 1).slice(0, -1);
  };
  const integer = (count: number) => {
    if (count > LONGEST_INTEGER) throw wrong(`its pickle has an integer of ${count} bytes`);
    const digits = raw(count).reverse(); // base 256, most significant first
    const value = digits.reduce((sum, digit) => sum * 256n + BigInt(digit), 0n);
    const signed = BigInt.asIntN(8 * count, value);
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
  };

  const malformed = () => wrong("its pickle is malformed");
  const push = (value: unknown) => void stack.push(value);
  const pushTable = (table: unknown) => {
    spend("tables", 1);
    push(table);
  };
  const top = () => {
    if (stack.length <= (marks.at(-1) ?? 0)) throw malformed();
    return stack.at(-1);
  };
  const pop = () => {
    const value = top();
    stack.pop();
    return value;
  };
  const popMany = (count: number) => Array.from({ length: count }, pop).reverse();
  const popToMark = () => {
    const mark = marks.pop();
    if (mark === undefined) throw malformed();
    return stack.splice(mark);
  };

  const name = ([module, attribute]: readonly unknown[]) => {
    if (typeof module !== "string" || typeof attribute !== "string") throw malformed();
    const found = names.get(`${module}.${attribute}`);
    if (!found) throw wrong(`it refers to ${module}.${attribute}, which tensors do not need`);
    push(found);
  };
  const append = (items: readonly unknown[]) => {
    const list = top();
    if (!Array.isArray(list)) throw malformed();
    for (const item of items) list.push(item);
  };
  const setItems = (items: readonly unknown[]) => {
    const table = top();
    if (!(table instanceof Map) || items.length % 2 !== 0) throw malformed();
    for (let i = 0; i < items.length; i += 2) table.set(items[i], items[i + 1]);
  };
  const apply = () => {
    const [named, args] = popMany(2);
    if (!(named instanceof Named) || !Array.isArray(args)) throw malformed();
    if (!named.call) throw wrong(`it calls ${named.name}, which tensors do not need`);
    const [copied] = args;
    spend("operations", Array.isArray(copied) ? copied.length : 0);
    pushTable(named.call(args));
  };
  const remember = (key: number) => void memo.set(key, top());
  const recall = (key: number) => {
    if (!memo.has(key)) throw malformed();
    push(memo.get(key));
  };

  const operations: Readonly<Record<string, () => void>> = {
    "\x80": () => void take(1), // protocol
    "\x95": () => void take(8), // frame
    "(": () => void marks.push(stack.length),
    "0": () => void pop(),
    "1": () => void popToMark(),
    "2": () => push(top()),
    N: () => push(null),
    "\x88": () => push(true),
    "\x89": () => push(false),
    K: () => push(u8()),
    M: () => push(u16()),
    J: () => push(i32()),
    "\x8a": () => push(integer(u8())),
    "\x8b": () => push(integer(u32())),
    G: () => push(view.getFloat64(take(8))),
    U: () => push(string(u8())), // Python 2's strings
    T: () => push(string(u32())),
    "\x8c": () => push(string(u8())),
    X: () => push(string(u32())),
    "\x8d": () => push(string(u64())),
    C: () => push(raw(u8())),
    B: () => push(raw(u32())),
    "\x8e": () => push(raw(u64())),
    ")": () => pushTable([]),
    "\x85": () => pushTable(popMany(1)),
    "\x86": () => pushTable(popMany(2)),
    "\x87": () => pushTable(popMany(3)),
    t: () => pushTable(popToMark()),
    "]": () => pushTable([]),
    a: () => append(popMany(1)),
    e: () => append(popToMark()),
    "}": () => pushTable(new Map()),
    s: () => setItems(popMany(2)),
    u: () => setItems(popToMark()),
    "\x8f": () => pushTable([]), // a set
    "\x90": () => append(popToMark()),
    c: () => name([line(), line()]),
    "\x93": () => name(popMany(2)),
    R: apply,
    b: () => void pop(), // attributes, such as the versions of a state dict, are ignored
    Q: () => push(persistent(pop())),
    q: () => remember(u8()),
    r: () => remember(u32()),
    "\x94": () => remember(memo.size),
    h: () => recall(u8()),
    j: () => recall(u32()),
  };

  for (;;) {
    spend("operations", 1);
    const opcode = String.fromCharCode(u8());
    if (opcode === ".") return { value: pop(), end: at };
    const operation = operations[opcode];
    if (!operation) {
      const code = opcode.charCodeAt(0).toString(16).padStart(2, "0");
      throw wrong(`its pickle has the opcode 0x${code}, which tensors do not need`);
    }
    operation();
  }
}
