import { recognise } from "../network/index.js";
import { textTable } from "../report/score-table.js";
import { dispose, readTensors } from "../torch/index.js";
import { weightsFile } from "./weights-file.js";

const MEBI = 2 ** 20;

/** `cfcontra weights inspect`: prints what a file of tensors holds. */
export function inspectWeights(path: string): void {
  const file = weightsFile(path);
  const { tensors, metadata, format, skipped } = readTensors(file);
  try {
    const rows = [...tensors].map(([name, { shape, dtype }]) => [name, `[${shape}]`, dtype]);
    const values = [...tensors.values()].reduce((sum, { count }) => sum + count, 0);
    const bytes = [...tensors.values()].reduce(
      (sum, { count, itemSize }) => sum + count * itemSize,
      0,
    );
    const kind =
      metadata.format === "cfcontra-1"
        ? `checkpoint of ${metadata.method} after ${metadata.step} steps`
        : format;
    const lines = [
      textTable([["tensor", "shape", "type"], ...rows]),
      "",
      `${file}: ${kind}`,
      `looks like: ${recognise(tensors) ?? "nothing known here"}`,
      `${tensors.size} tensors, ${values.toLocaleString("en")} values, ${(bytes / MEBI).toFixed(1)} MiB`,
      ...(skipped.length > 0 ? [`left out: ${skipped.join(", ")} (the state of optimisers)`] : []),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  } finally {
    dispose(tensors);
  }
}
