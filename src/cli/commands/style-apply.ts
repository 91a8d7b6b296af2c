import { createHash } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import sharp from "sharp";
import type { Dataset, DatasetFiles, Sample } from "../../datasets/dataset.js";
import { readImage } from "../../datasets/files/images.js";
import type { Transform } from "../../datasets/loader.js";
import { UserError } from "../../errors.js";
import { openDomains, withAbsoluteRoots } from "../../experiment/build.js";
import { openRestyling } from "../../experiment/coarse-stage.js";
import type { Config } from "../../experiment/config.js";
import { open } from "../../experiment/measure.js";
import { configuration } from "../../experiment/presets.js";
import { edgeCorrelation } from "../../style/index.js";
import { writeAtomically } from "../../write-atomically.js";
import { setOf } from "../set-of.js";
import { interruption } from "../terminal/interruption.js";
import { quoted } from "../terminal/invocation.js";
import { type Json, print } from "../terminal/print.js";
import { clock, progressLine, say } from "../terminal/progress.js";

export interface StyleApplyOptions {
  readonly out: string;
  readonly setOf: string;
  readonly style?: string;
  readonly limit?: number;
  readonly measure?: boolean;
  readonly json?: Json;
  readonly set: readonly string[];
  readonly data: string;
}

/** Images that are decoded, restyled or encoded at a time: the rest overlaps with the computing. */
const IN_FLIGHT = 4;
const RECORD = "restyled.json";

/** `cfcontra style apply`: a restyled copy of a data set, in its own layout. */
export async function styleApply(preset: string, options: StyleApplyOptions): Promise<void> {
  const { style, set, data, limit = Number.POSITIVE_INFINITY, measure = false } = options;
  const out = resolve(options.out);
  const changes = style === undefined ? set : [`style.method=${style}`, ...set];
  const config = withAbsoluteRoots(configuration({ preset, set: changes }), data);
  if (config.style.method === "none") {
    throw new UserError(
      `${preset} has style.method none; --style names the look, e.g. --style adain`,
    );
  }
  const { spec, key } = setOf(options.setOf, preset, config);
  const content = await open(spec, process.cwd());
  const { files } = content;
  if (files === undefined) throw new UserError(`${content.name} has no files that could be copied`);
  requireApart(out, files.root);
  const record = recordOf(config, content);
  requireSameLook(out, record);
  const domains = await openDomains({ ...config, evaluate: {} });
  const { restyle, dispose } = await openRestyling(config, domains, out);
  try {
    writeAtomically(join(out, RECORD), `${JSON.stringify(record, null, 2)}\n`);
    const count = Math.min(limit, content.names.length);
    const result = await restyleAll(content, files, { out, count, restyle, measure });
    for (const path of files.beside) link(path, place(path, files.root, out));
    report(content, out, key, result, count, options.json);
  } finally {
    dispose();
  }
}

interface Result {
  readonly made: number;
  readonly kept: number;
  readonly seconds: number;
  readonly stopped: boolean;
  /** Edge correlations of what was made, if they were asked for. */
  readonly structure: readonly number[];
}

interface Copy {
  readonly out: string;
  readonly count: number;
  readonly restyle: Transform;
  readonly measure: boolean;
}

async function restyleAll(
  { names }: Dataset,
  files: DatasetFiles,
  { out, count, restyle, measure }: Copy,
): Promise<Result> {
  const line = progressLine("restyling");
  const interrupted = interruption();
  const began = performance.now();
  const structure: number[] = [];
  let [next, made, kept] = [0, 0, 0];
  const worker = async () => {
    while (next < count && !interrupted.asked) {
      const index = next++;
      const { image, label } = files.of(index);
      const to = place(image, files.root, out);
      if (label !== undefined) link(label, place(label, files.root, out));
      if (existsSync(to)) {
        kept++; // whole: it got its name when it was
        continue;
      }
      const { data, width, height } = await readImage(image);
      const sample: Sample = { name: names[index] as string, width, height, image: data };
      const result = await restyle(sample, index);
      if (measure) structure.push(edgeCorrelation(sample, result));
      writeAtomically(to, await encode(result, to));
      made++;
      line.update(made, count - kept);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count) }, worker));
  } finally {
    line.end();
    interrupted.end();
  }
  const seconds = (performance.now() - began) / 1000;
  return { made, kept, seconds, stopped: made + kept < count, structure };
}

function report(
  content: Dataset,
  out: string,
  key: string,
  result: Result,
  count: number,
  json: Json | undefined,
): void {
  const { made, kept, seconds, stopped, structure } = result;
  const sorted = [...structure].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] as number;
  const edges = sorted.length > 0 ? { median: at(0.5), lowest: at(0) } : undefined;
  const found = () => ({ out, set: content.name, made, kept, seconds, complete: !stopped, edges });
  if (stopped) {
    say(`stopped after ${made + kept} of ${count} images; the same command goes on from there`);
    process.exitCode = 130;
    if (json !== undefined) print("", found, json);
    return;
  }
  const rate = made > 0 ? `, ${(made / seconds).toFixed(1)} images/s` : "";
  const before = kept > 0 ? `, ${kept} were there` : "";
  const lines = [
    `${content.name}: ${made} images restyled in ${clock(seconds)}${rate}${before}`,
    ...(edges
      ? [
          `edge correlation with the content: median ${edges.median.toFixed(3)}, ` +
            `lowest ${edges.lowest.toFixed(3)}`,
        ]
      : []),
    `read it with: --set ${key}.root=${quoted(out)} --set style.method=none`,
  ];
  print(lines.join("\n"), found, json);
}

const place = (path: string, root: string, out: string) => join(out, relative(root, path));

/** The same file under another name; a symbolic link where that is another disk. */
function link(path: string, to: string): void {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  try {
    linkSync(path, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    symlinkSync(resolve(path), to);
  }
}

/** The format of the name's ending; JPEG in the quality of a camera, colours not subsampled. */
function encode({ image, width, height }: Sample, path: string): Promise<Buffer> {
  const picture = sharp(image, { raw: { width, height, channels: 3 } });
  const extension = extname(path).toLowerCase();
  if (extension === ".png") return picture.png({ compressionLevel: 1 }).toBuffer();
  if (extension === ".webp") return picture.webp({ quality: 95 }).toBuffer();
  return picture.jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer();
}

/** A copy must not lie over what it is made from. */
function requireApart(out: string, root: string): void {
  const inside = (path: string, of: string) => !relative(of, path).startsWith("..");
  if (inside(out, resolve(root)) || inside(resolve(root), out)) {
    throw new UserError(
      `--out ${out} and the data set ${root} lie in each other; choose another folder`,
    );
  }
}

/** What a folder was made with, as it is written down there. */
function recordOf({ style, source, target, train }: Config, content: Dataset) {
  const { training, ...look } = style;
  const coder = style.method === "adain" ? { ...training, of: [source, target] } : {};
  const made = { look, coder, target, seed: train.seed };
  const digest = createHash("sha256").update(JSON.stringify(made)).digest("hex").slice(0, 16);
  return { set: content.name, digest, ...made };
}

/** A folder holds one look: another is refused. */
function requireSameLook(out: string, record: { readonly digest: string }): void {
  const path = join(out, RECORD);
  if (!existsSync(path)) return;
  const found = JSON.parse(readFileSync(path, "utf8")) as { digest?: string };
  if (found.digest !== record.digest) {
    throw new UserError(
      `${out} was restyled with other settings, which ${path} names; choose another --out, or delete it`,
    );
  }
}
