// `npm run setup`: the set-up alone, looking for libtorch anew (after installing another, say).
import { bootstrapOrExplain } from "./bootstrap.js";
import { say } from "./say.js";

if (bootstrapOrExplain({ search: true })) say("ready");
else process.exitCode = 1;
