import { readFileSync, realpathSync, statSync } from "node:fs";

/** The paths of `others` that lead to a file of `paths`, or to a copy of one. Files that cannot be read are not shared. */
export function sharedFiles(paths: readonly string[], others: readonly string[]): string[] {
  const real = new Set(paths.map(realPath));
  const bySize = new Map<number | undefined, string[]>();
  for (const path of real) bySize.set(sizeOf(path), [...(bySize.get(sizeOf(path)) ?? []), path]);
  const isCopy = (path: string) => {
    const alike = bySize.get(sizeOf(path)) ?? [];
    if (alike.length === 0) return false;
    const bytes = read(path);
    return bytes !== undefined && alike.some((other) => read(other)?.equals(bytes) === true);
  };
  return others.filter((path) => real.has(realPath(path)) || isCopy(path));
}

/** With symbolic links resolved. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // a broken link: reading it fails with its own message
  }
}

const sizeOf = (path: string): number | undefined =>
  statSync(path, { throwIfNoEntry: false })?.size;

function read(path: string): Buffer | undefined {
  try {
    return statSync(path).isFile() ? readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}
