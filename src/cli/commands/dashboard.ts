import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { serve } from "../../dashboard/serve.js";

export interface DashboardOptions {
  readonly host: string;
  readonly port?: number;
}

/** `cfcontra dashboard`: serves until Ctrl-C. Loads nothing of libtorch. */
export async function dashboard(runs: string, { host, port }: DashboardOptions): Promise<void> {
  const pages = fileURLToPath(new URL("../../web/dashboard", import.meta.url));
  const { address, close } = await serve({ runs, pages, host, port });
  process.stdout.write(`${runs} is at ${address} (Ctrl-C ends this)\n`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await close();
}
