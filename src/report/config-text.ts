import { parse } from "yaml";

/** Bytes of the largest `config.yaml` that is read. Ours have about 4 kB; the parser's time grows faster than the size. */
export const LARGEST_CONFIG = 32 * 1024;

/**
 * The value in a `config.yaml`, as plain JSON.
 * @throws Error if it is too large, not YAML, or contains itself
 */
export function parseConfigText(yaml: string): unknown {
  if (yaml.length > LARGEST_CONFIG) throw new Error(`larger than ${LARGEST_CONFIG / 1024} KiB`);
  // The check for duplicate keys takes quadratic time.
  const value = parse(yaml, { uniqueKeys: false, maxAliasCount: 100, logLevel: "error" });
  return JSON.parse(JSON.stringify(value ?? null));
}
