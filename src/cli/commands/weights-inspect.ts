import { Command } from "commander";
import { textTable } from "../../report/score-table.js";
import { type Json, jsonOption, print } from "../terminal/print.js";

export const command = () =>
  new Command("inspect")
    .description("list the tensors of a file, and name the network that they belong to")
    .argument("<file>", "safetensors or PyTorch's .pth, or a run folder")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
PyTorch's files are read as data: nothing that their pickles name is imported or executed, and a file
that names anything but tensors is refused. docs/weights.md says which public files fit which network.

Examples:
  cfcontra weights inspect DeepLab_resnet_pretrained_imagenet.pth
  cfcontra weights inspect runs/streets-cfcontra-1`,
    )
    .action(inspect);

const MEBI = 2 ** 20;

async function inspect(path: string, { json }: { readonly json?: Json }) {
  const { dispose, readTensors } = await import("../../torch/index.js");
  const { recognise } = await import("../../network/index.js");
  const { isCheckpoint, weightsFile } = await import("../../train/index.js");
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
      `looks like: ${network ?? "unknown"}`,
      `${tensors.size} tensors, ${values.toLocaleString("en")} values, ${(bytes / MEBI).toFixed(1)} MiB`,
      ...(skipped.length > 0 ? [`left out: ${skipped.join(", ")} (the state of optimisers)`] : []),
    ];
    const found = { file, format, metadata, network, values, bytes, skipped, tensors: listed };
    print(lines.join("\n"), () => found, json);
  } finally {
    dispose(tensors);
  }
}
