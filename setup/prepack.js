// npm runs this before `npm pack` and `npm publish`, so that a tarball of a fresh clone is complete.
import { bootstrapOrExplain, ROOT } from "./bootstrap.js";
import { removeOrphans } from "./typescript.js";

if (bootstrapOrExplain({ engine: false })) removeOrphans(ROOT);
else process.exitCode = 1;
