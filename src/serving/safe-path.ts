import { realpathSync } from "node:fs";
import { join, sep } from "node:path";

/**
 * The real path of `relative` below `root`, which is a real path itself. undefined if it does not exist, has
 * a part that is empty or starts with a dot, or leads out of `root`, through links too.
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
