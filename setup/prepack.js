// npm runs this before `npm pack` and `npm publish`: a tarball from a fresh clone is complete, too.
import { bootstrapOrExplain, ROOT } from "./bootstrap.js";
import { removeOrphans } from "./typescript.js";

if (bootstrapOrExplain({ engine: false })) removeOrphans(ROOT);
else process.exitCode = 1;
