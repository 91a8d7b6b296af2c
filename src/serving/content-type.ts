import { extname } from "node:path";

/** First bytes, as Latin-1, and the type that they tell. */
const SIGNATURES: readonly (readonly [string, string])[] = [
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff", "image/jpeg"],
  ["wOF2", "font/woff2"],
  ["\0asm", "application/wasm"],
];

/** Types that the content cannot tell, by the extension of the name. */
const TEXTS: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".onnx": "application/octet-stream",
  ".svg": "image/svg+xml",
};

/** The type of a file by its content, else by its name; undefined for a file that is not served. */
export function contentType(name: string, content: Buffer): string | undefined {
  const head = content.toString("latin1", 0, 12);
  if (head.startsWith("RIFF") && head.endsWith("WEBP")) return "image/webp";
  const [, type] = SIGNATURES.find(([signature]) => head.startsWith(signature)) ?? [];
  return type ?? TEXTS[extname(name).toLowerCase()];
}
