import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { whole } from "../options.js";

export const command = () =>
  new Command("dashboard")
    .description("watch and compare runs in a browser, while they train and afterwards")
    .argument("[runs]", "folder of run folders, or one run folder", "runs")
    .option("--port <n>", "7700, or the next port that is free, by default", whole("--port"))
    .option(
      "--host <address>",
      "address to listen on; any but this machine's own requires a token",
      "127.0.0.1",
    )
    .addHelpText(
      "after",
      `
Examples:
  cfcontra dashboard
  cfcontra dashboard runs/demo --port 8080
  ssh -L 7700:localhost:7700 machine cfcontra dashboard   # from another machine`,
    )
    .action(dashboard);

interface DashboardOptions {
  readonly host: string;
  readonly port?: number;
}

/** Serves until Ctrl-C. */
async function dashboard(runs: string, { host, port }: DashboardOptions): Promise<void> {
  const { serve } = await import("../../dashboard/serve.js");
  const pages = fileURLToPath(new URL("../../web/dashboard", import.meta.url));
  const { address, close } = await serve({ runs, pages, host, port });
  process.stdout.write(`${runs} is at ${address} (Ctrl-C stops the server)\n`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await close();
}
