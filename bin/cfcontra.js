#!/usr/bin/env node
import { bootstrapOrExplain } from "../setup/bootstrap.js";

if (bootstrapOrExplain()) {
  const { main } = await import("../dist/cli/main.js");
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.exitCode = 1;
}
