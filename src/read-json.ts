import { readFileSync } from "node:fs";
import type { z } from "zod";
import { UserError } from "./errors.js";

/**
 * Reads a JSON file that this program wrote.
 * @param advice what to do if it is damaged, e.g. "delete it"
 * @throws UserError if it cannot be read, is not JSON, or does not fit the schema
 */
export function readJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  advice: string,
): z.output<Schema> {
  const damaged = (what: string, cause: unknown) =>
    new UserError("damaged-file", `${path} is damaged: ${what}; ${advice}`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const [reason] = (error as Error).message.split("\n") as [string];
    throw damaged(reason, error);
  }
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  const [issue] = error.issues;
  throw damaged([...(issue?.path ?? []), issue?.message].map(String).join(": "), error);
}
