#!/usr/bin/env node
// CommonJS, by the package.json of this folder: Node starts the threads that decode images, four by default,
// when it loads the first ES module. A GPU is faster than four threads.
const { existsSync } = require("node:fs");
const { availableParallelism } = require("node:os");

if (existsSync("/proc/driver/nvidia/version")) {
  process.env.UV_THREADPOOL_SIZE ??= `${Math.max(4, availableParallelism())}`;
}

async function start() {
  const { bootstrapOrExplain } = await import("../setup/bootstrap.js");
  const { needsEngine } = await import("../setup/engine.js");
  const argv = process.argv.slice(2);
  const engine = needsEngine(argv);
  if (bootstrapOrExplain({ engine, search: engine && argv[0] === "setup" })) {
    const { main } = await import("../dist/cli/main.js");
    process.exitCode = await main(argv);
  } else {
    process.exitCode = 1;
  }
}

start();
