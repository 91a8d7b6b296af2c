import { Command } from "commander";
import { listening } from "../terminal/listener.js";

export const command = () =>
  new Command("report")
    .description("write report.html into run folders: one page with everything about a run")
    .argument("<runs...>", "run folders")
    .option(
      "--baseline <run>",
      "a source-only run to compare with; searched next to the run when omitted",
    )
    .action(report);

async function report(
  runs: readonly string[],
  { baseline }: { readonly baseline?: string },
): Promise<void> {
  const { writeReport } = await import("../../experiment/index.js");
  for (const run of runs) {
    const file = await listening((listener) => writeReport(run, { baseline }, listener));
    process.stdout.write(`${file}\n`);
  }
}
