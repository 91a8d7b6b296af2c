import { z } from "zod";
import { UserError } from "./errors.js";
import { nearestWord } from "./nearest-word.js";

/**
 * Checks a value from a user with a schema, and fills in its defaults.
 * @param where the name of the value in messages
 * @throws UserError with the first key that is wrong, and the nearest known one
 */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") throw unknownKey(schema, issue, where);
  const given = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  if (issue.code === "invalid_key") {
    const [reason] = issue.issues;
    throw new UserError(
      "invalid-value",
      `${where}: ${path}: ${reason?.message ?? "this is not a valid name"}`,
    );
  }
  const values = issue.code === "invalid_value" ? issue.values.map(String) : [];
  throw new UserError(
    "invalid-value",
    `${where}: ${path ? `${path}: ` : ""}${typeof given === "string" ? meant(given, values) : ""}` +
      issue.message.replace(/^Invalid (input|option): /, ""),
  );
}

/**
 * Checks the keys of a part of a value, whatever their values are.
 * @throws UserError with the first key that the schema does not have, and the nearest known one
 */
export function requireKnownKeys(schema: z.ZodType, part: unknown, where: string): void {
  for (const issue of schema.safeParse(part).error?.issues ?? []) {
    if (issue.code === "unrecognized_keys") throw unknownKey(schema, issue, where);
  }
}

function unknownKey(
  schema: z.ZodType,
  { keys: [key = ""], path }: z.core.$ZodIssueUnrecognizedKeys,
  where: string,
): UserError {
  const known = keysAt(schema, path);
  return new UserError(
    "unknown-key",
    `${where}: ${[...path, key].join(".")} is not a known key: ${meant(key, known)}expected ` +
      known.join(", "),
  );
}

/** Before the list of what is known, which may be long. */
function meant(word: string, known: readonly string[]): string {
  const near = nearestWord(word, known);
  return near ? `did you mean ${near}? ` : "";
}

/** The keys of the schema at `path`. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.ZodType | undefined = schema;
  for (const key of path) at = shapeOf(checkedLast(at))?.[String(key)];
  return Object.keys(shapeOf(checkedLast(at)) ?? {});
}

/** The schema that checks a value after preprocessing. */
function checkedLast(schema: z.ZodType | undefined): z.ZodType | undefined {
  const at = unwrapped(schema);
  return at instanceof z.ZodPipe ? (at.out as z.ZodType) : at;
}

/** The keys of a table and their schemas; undefined for a schema that is not a table. */
export function shapeOf(schema: z.ZodType | undefined): Record<string, z.ZodType> | undefined {
  const at = unwrapped(schema);
  return at instanceof z.ZodObject ? (at.shape as Record<string, z.ZodType>) : undefined;
}

/** A schema without its defaults. */
export function unwrapped(schema: z.ZodType | undefined): z.ZodType | undefined {
  let at = schema;
  while (at && !(at instanceof z.ZodArray) && "unwrap" in at && typeof at.unwrap === "function") {
    at = at.unwrap();
  }
  return at;
}
