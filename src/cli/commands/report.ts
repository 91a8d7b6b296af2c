import { Command } from "commander";
import { listening } from "../terminal/listener.js";

export const command = () =>
  new Command("report")
    .description("write report.html into run folders: all results of a run on one page")
    .argument("<runs...>", "run folders")
    .option(
      "--baseline <run>",
      "the run to compare with; by default source-only with equal settings, else the pretraining",
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
