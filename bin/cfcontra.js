#!/usr/bin/env node
import { bootstrapOrExplain } from "../setup/bootstrap.js";
import { needsEngine } from "../setup/engine.js";

const argv = process.argv.slice(2);
// A reader may close the pipe early: `| head`.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
const engine = needsEngine(argv);
if (bootstrapOrExplain({ engine, search: engine && argv[0] === "setup" })) {
  const { main } = await import("../dist/cli/main.js");
  process.exitCode = await main(argv);
} else {
  process.exitCode = 1;
}
