import { UserError } from "../../errors.js";
import { readRegular, whyUnreadable } from "../files/regular-file.js";

/** The text of an annotation file. @throws UserError if it cannot be read, or is a zip archive */
export async function readText(path: string): Promise<string> {
  const bytes = await readRegular(path).catch((error: unknown) => {
    throw new UserError(
      "not-found",
      `${path}: the annotations cannot be read (${whyUnreadable(error)}).`,
      { cause: error },
    );
  });
  if (bytes.toString("latin1", 0, 4) === "PK\x03\x04") {
    throw new UserError(
      "unsupported-file",
      `${path} is a zip archive: unpack it, and set \`root\` to the unpacked folder.`,
    );
  }
  return bytes.toString("utf8").replace(/^\ufeff/, "");
}

/** The value in a JSON file. @throws UserError if it cannot be read or is not JSON */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(
      "damaged-file",
      `${path}: this is not valid JSON (${whyUnreadable(error)}): export it again.`,
      { cause: error },
    );
  }
}

/** A JSON object. */
export type Table = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const unexpected = (where: string, expected: string): UserError =>
  new UserError("unsupported-file", `${where}: expected ${expected}; is this another format?`);

/** @throws UserError naming `where` unless the value is an object */
export function tableOf(value: unknown, where: string): Table {
  if (isTable(value)) return value;
  throw unexpected(where, "an object");
}

/** @throws UserError naming `where` unless the value is a list */
export function listOf(value: unknown, where: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw unexpected(where, "a list");
}

/** @throws UserError naming `where` unless the value is text */
export function textOf(value: unknown, where: string): string {
  if (typeof value === "string") return value;
  throw unexpected(where, "text");
}

/** @throws UserError naming `where` unless the value is a finite number */
export function numberOf(value: unknown, where: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw unexpected(where, "a number");
}

/** @throws UserError naming `where` unless the value is a list of finite numbers */
export function numbersOf(value: unknown, where: string): readonly number[] {
  const list = listOf(value, where);
  for (const number of list) numberOf(number, where);
  return list as readonly number[];
}

/** The coordinates of a list of [x, y]. @throws UserError naming `where` unless it is one */
export function pointsOf(value: unknown, where: string): number[] {
  return listOf(value, where).flatMap((point) => {
    const [x, y] = listOf(point, where);
    return [numberOf(x, where), numberOf(y, where)];
  });
}

/** Calls `build`. @throws UserError naming `where`, if it throws an Error */
export function damaged<T>(where: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError("label-size", `${where}: ${(error as Error).message}: export it again.`, {
      cause: error,
    });
  }
}
