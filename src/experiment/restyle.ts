import { createHash } from "node:crypto";
import { existsSync, linkSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import sharp from "sharp";
import { z } from "zod";
import type { Dataset, DatasetFiles, Sample } from "../datasets/dataset.js";
import { readImage } from "../datasets/files/images.js";
import type { Transform } from "../datasets/loader.js";
import { UserError } from "../errors.js";
import { readJson } from "../read-json.js";
import { edgeCorrelation } from "../style/index.js";
import { writeAtomically } from "../write-atomically.js";
import { openRestyling } from "./coarse-stage.js";
import type { Config } from "./config.js";
import { openDomains, openSet, setOf } from "./domains.js";
import type { Listener } from "./listener.js";

/** What is restyled, and where the copy goes. */
export interface RestyleOptions {
  /** Folder of the copy; it must lie apart from the data set. */
  readonly out: string;
  /** What is copied: source, target or an evaluation set; the source by default. */
  readonly setOf?: string | undefined;
  /** Only the first images. */
  readonly limit?: number | undefined;
  /** Also measure how well edges survive. */
  readonly measure?: boolean | undefined;
  /** Aborted, it ends between two images. */
  readonly signal?: AbortSignal | undefined;
}

/** What `restyle` has made. */
export interface RestyleResult {
  /** Name of the data set. */
  readonly set: string;
  /** Its key in the configuration, e.g. "source" or "evaluate.val". */
  readonly key: string;
  /** Absolute path of the copy. */
  readonly out: string;
  readonly made: number;
  /** Images that an earlier call had made. */
  readonly kept: number;
  readonly seconds: number;
  /** false where `signal` stopped it; the same call continues. */
  readonly complete: boolean;
  /** Edge correlations of what was made, if they were asked for. */
  readonly edges: readonly number[];
}

/** Images that are decoded, restyled or encoded at a time: the rest overlaps with the computing. */
const IN_FLIGHT = 4;
const RECORD = "restyled.json";

/**
 * Writes a restyled copy of a data set in its own layout. Images keep size, name and format; labels are
 * links to the originals. What an earlier call has made is kept.
 * @param config with absolute roots and a style method
 * @throws UserError where the folders lie in each other, or `out` holds another look
 */
export async function restyle(
  config: Config,
  { out: folder, setOf: name = "source", limit, measure = false, signal }: RestyleOptions,
  listener: Listener,
): Promise<RestyleResult> {
  const out = resolve(folder);
  if (config.style.method === "none") {
    throw new UserError(
      "conflicting-options",
      "style.method is none, so there is no look to apply; name a style",
    );
  }
  const { spec, key } = setOf(name, config);
  const content = await openSet(spec, listener);
  const { files } = content;
  if (files === undefined)
    throw new UserError("not-supported", `${content.name} has no files that could be copied`);
  requireApart(out, files.root);
  const record = recordOf(config, content);
  requireSameLook(out, record);
  const domains = await openDomains({ ...config, evaluate: {} }, listener);
  const { restyle, dispose } = await openRestyling(config, domains, out, listener);
  try {
    writeAtomically(join(out, RECORD), `${JSON.stringify(record, null, 2)}\n`);
    const count = Math.min(limit ?? Number.POSITIVE_INFINITY, content.names.length);
    const copy = { out, count, restyle, measure, signal };
    const result = await restyleAll(content, files, copy, listener);
    for (const path of files.beside) link(path, place(path, files.root, out));
    return { set: content.name, key, out, ...result };
  } finally {
    dispose();
  }
}

interface Copy {
  readonly out: string;
  readonly count: number;
  readonly restyle: Transform;
  readonly measure: boolean;
  readonly signal: AbortSignal | undefined;
}

async function restyleAll(
  { names }: Dataset,
  files: DatasetFiles,
  { out, count, restyle, measure, signal }: Copy,
  { progress }: Listener,
): Promise<Omit<RestyleResult, "set" | "key" | "out">> {
  const began = performance.now();
  const edges: number[] = [];
  let [next, made, kept] = [0, 0, 0];
  const worker = async () => {
    while (next < count && !signal?.aborted) {
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
      if (measure) edges.push(edgeCorrelation(sample, result));
      writeAtomically(to, await encode(result, to));
      made++;
      progress("restyling", made, count - kept);
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count) }, worker));
  const seconds = (performance.now() - began) / 1000;
  return { made, kept, seconds, complete: made + kept === count, edges };
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
      "conflicting-options",
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
  const found = readJson(path, z.looseObject({ digest: z.string() }), "delete the folder");
  if (found.digest !== record.digest) {
    throw new UserError(
      "already-exists",
      `${out} was restyled with other settings, which ${path} names; choose another --out, or delete it`,
    );
  }
}
