import { realpathSync } from "node:fs";
import { join, sep } from "node:path";

/**
 * The real path of `relative` below `root` (itself a real path), or undefined where it is not
 * there, is written in a way that no run's file is, or leads out of `root`, be it through a link.
 */
export function inside(root: string, relative: string): string | undefined {
  const parts = relative.split("/");
  if (/[\0\\]/.test(relative) || parts.some((part) => part === "" || part.startsWith("."))) {
    return undefined;
  }
  try {
    const real = realpathSync(join(root, ...parts));
    return real.startsWith(root.endsWith(sep) ? root : root + sep) ? real : undefined;
  } catch {
    return undefined;
  }
}
