#!/usr/bin/env node
import { bootstrapOrExplain } from "../setup/bootstrap.js";
import { needsEngine } from "../setup/engine.js";

const argv = process.argv.slice(2);
const engine = needsEngine(argv);
if (bootstrapOrExplain({ engine, search: engine && argv[0] === "setup" })) {
  const { main } = await import("../dist/cli/main.js");
  process.exitCode = await main(argv);
} else {
  process.exitCode = 1;
}
