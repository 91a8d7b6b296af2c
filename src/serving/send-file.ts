import type { Context } from "hono";
import { readRegular } from "../regular-file.js";
import { contentType } from "./content-type.js";

const LARGEST = 2 ** 30;

/** Answers with a regular file under its own type; "not found" for anything else. */
export async function sendFile(
  context: Context,
  path: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const content = path === undefined ? undefined : await readRegular(path, LARGEST);
  const type = content && contentType(path as string, content);
  if (!content || !type) return context.notFound();
  return context.body(new Uint8Array(content), 200, { ...headers, "Content-Type": type });
}
