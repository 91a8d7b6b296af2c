import { recognise } from "../../network/index.js";
import { textTable } from "../../report/score-table.js";
import { dispose, readTensors } from "../../torch/index.js";
import { isCheckpoint } from "../../train/index.js";
import { type Json, print } from "../terminal/print.js";
import { weightsFile } from "../weights-file.js";

const MEBI = 2 ** 20;

/** `cfcontra weights inspect`: prints what a file of tensors holds. */
export function inspectWeights(path: string, { json }: { readonly json?: Json } = {}): void {
  const file = weightsFile(path);
  const { tensors, metadata, format, skipped } = readTensors(file);
  try {
    const listed = [...tensors].map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
    const rows = listed.map(({ name, shape, dtype }) => [name, `[${shape}]`, dtype]);
    const network = recognise(tensors);
    const values = [...tensors.values()].reduce((sum, { count }) => sum + count, 0);
    const bytes = [...tensors.values()].reduce(
      (sum, { count, itemSize }) => sum + count * itemSize,
      0,
    );
    const kind = isCheckpoint(metadata)
      ? `checkpoint of ${metadata.method} after ${metadata.step} steps`
      : format;
    const lines = [
      textTable([["tensor", "shape", "type"], ...rows]),
      "",
      `${file}: ${kind}`,
      `looks like: ${network ?? "nothing known here"}`,
      `${tensors.size} tensors, ${values.toLocaleString("en")} values, ${(bytes / MEBI).toFixed(1)} MiB`,
      ...(skipped.length > 0 ? [`left out: ${skipped.join(", ")} (the state of optimisers)`] : []),
    ];
    const found = { file, format, metadata, network, values, bytes, skipped, tensors: listed };
    print(lines.join("\n"), () => found, json);
  } finally {
    dispose(tensors);
  }
}
