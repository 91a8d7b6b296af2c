// `npm run bench -- style`: compares AdaIN with the full VGG-19 with plain PyTorch.
//   npm run bench -- style --width 1024 --height 512 --images 3 --rounds 3 --python /path/to/python
// Measures from the bytes of an image to the bytes of the restyled one, with the statistics of the style
// computed before. Excludes reading and writing files, which `style apply` does in parallel. Uses random
// weights, which do not affect speed and memory. Writes bench/style.json.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bootstrapOrExplain } from "../setup/bootstrap.js";
import { lastJson, median, race } from "./race.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));

function styleBench() {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((arg) => arg !== "style"),
    options: {
      width: { type: "string", default: "1024" },
      height: { type: "string", default: "512" },
      images: { type: "string", default: "3" },
      rounds: { type: "string", default: "3" },
      threads: { type: "string", default: String(availableParallelism()) },
      python: { type: "string", default: "/usr/bin/python3" },
      out: { type: "string", default: HERE },
    },
  });
  const { width, height, images, rounds, threads, python, out } = values;
  if (!bootstrapOrExplain()) return 1;
  /** @param {string} command @param {string[]} args */
  const measure = (command, ...args) => {
    const env = { ...process.env, OMP_NUM_THREADS: threads, OPENBLAS_NUM_THREADS: threads };
    const sizes = ["--width", width, "--height", height, "--images", images, "--threads", threads];
    const text = execFileSync(command, [...args, ...sizes], { encoding: "utf8", env });
    return lastJson(text);
  };
  /** @param {string} precision */
  const ours = (precision) => () =>
    measure(process.execPath, join(HERE, "style_step.js"), "--precision", precision);
  const list = [
    { name: "cfcontra bfloat16", measure: ours("bfloat16") },
    { name: "cfcontra float32", measure: ours("float32") },
    { name: "PyTorch float32", measure: () => measure(python, join(HERE, "pytorch_style.py")) },
  ];
  const { runs, load } = race(list, Number(rounds));
  const rows = Object.fromEntries(
    [...runs].map(([name, found]) => {
      /** @param {"seconds" | "cpuSeconds" | "peakMiB"} key */
      const of = (key) => median(found.map((run) => run[key] ?? Number.NaN));
      const { version = "" } = found[0] ?? {};
      return [
        name,
        {
          version,
          seconds: of("seconds"),
          cpuSeconds: of("cpuSeconds"),
          imagesPerSecond: 1 / of("seconds"),
          peakMiB: Math.round(of("peakMiB")),
        },
      ];
    }),
  );
  const opponent = rows["PyTorch float32"];
  if (opponent === undefined) {
    console.error("no PyTorch found: install python3-torch, or name a Python with --python PATH");
    return 1;
  }
  const results = {
    size: `${width}x${height}`,
    machine: { cpu: cpus()[0]?.model, threads: Number(threads), loadBefore: load },
    rounds: Number(rounds),
    images: Number(images),
    rows,
    against: Object.fromEntries(
      Object.entries(rows)
        .filter(([name]) => name.startsWith("cfcontra"))
        .map(([name, row]) => [
          name,
          {
            speedup: opponent.seconds / row.seconds,
            cpuSpeedup: opponent.cpuSeconds / row.cpuSeconds,
            memoryRatio: row.peakMiB / opponent.peakMiB,
          },
        ]),
    ),
  };
  console.table(rows);
  console.table(results.against);
  writeFileSync(join(out, "style.json"), `${JSON.stringify(results, null, 2)}\n`);
  return 0;
}

process.exitCode = styleBench();
