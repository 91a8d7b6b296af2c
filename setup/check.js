// `npm run check`: quick checks, to run before the tests (`npm test`).
import { bootstrapOrExplain, ROOT } from "./bootstrap.js";
import { failing } from "./checks.js";

if (bootstrapOrExplain()) {
  const failed = failing(ROOT);
  console.log(failed.length === 0 ? "all checks passed" : `failed: ${failed.join(", ")}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} else {
  process.exitCode = 1;
}
