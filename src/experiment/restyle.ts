import { createHash } from "node:crypto";
import { existsSync, linkSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, extname, isAbsolute, join, relative, resolve } from "node:path";
import sharp from "sharp";
import { z } from "zod";
import type { Dataset, DatasetFiles, Sample } from "../datasets/dataset.js";
import { readImage } from "../datasets/files/images.js";
import { isBelow } from "../datasets/files/is-below.js";
import type { Transform } from "../datasets/loader.js";
import { UserError } from "../errors.js";
import { inFlight } from "../in-flight.js";
import { readJson } from "../read-json.js";
import { edgeCorrelation } from "../style/index.js";
import { requireWritableFolder, writeAtomically } from "../write-atomically.js";
import { openRestyling } from "./coarse-stage.js";
import type { Config } from "./config.js";
import { openDomains, openSet, setOf } from "./domains.js";
import type { Listener } from "./listener.js";

/** Options of `restyle`. */
export interface RestyleOptions {
  /** Folder of the copy, outside the data set. */
  readonly out: string;
  /** The data set: source (default), target, labelledTarget or an evaluation set. */
  readonly setOf?: string | undefined;
  /** Only the first images. */
  readonly limit?: number | undefined;
  /** Also measure how well edges are preserved. */
  readonly measure?: boolean | undefined;
  /** On abort, ends between two images. */
  readonly signal?: AbortSignal | undefined;
}

/** The result of `restyle`. */
export interface RestyleResult {
  /** Name of the data set. */
  readonly set: string;
  /** Its key in the configuration, e.g. "source" or "evaluate.val". */
  readonly key: string;
  /** Absolute path of the copy. */
  readonly out: string;
  readonly made: number;
  /** Number of images from an earlier call. */
  readonly kept: number;
  readonly seconds: number;
  /** false if `signal` stopped it; repeat the call to continue. */
  readonly complete: boolean;
  /** Edge correlations of all images with their originals, with `measure`. */
  readonly edges: readonly number[];
}

/** Images that are decoded, restyled or encoded at a time, so that I/O overlaps with computation. */
const IN_FLIGHT = 4;
const RECORD = "restyled.json";

/**
 * Writes a restyled copy of a data set in its own layout. Images keep size, name and format; labels are
 * links to the originals. Images from an earlier call are kept.
 * @param config with absolute roots and a style method
 * @throws UserError if one folder contains the other, if files of the set are outside its root, or if `out` was
 *   restyled with other settings
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
      "style.method is none, so there is no style to apply; choose a style",
    );
  }
  const { spec, key } = setOf(name, config);
  const content = await openSet(spec, listener);
  const { files } = content;
  if (files === undefined)
    throw new UserError("not-supported", `${content.name} does not have files to copy`);
  requireApart(out, files.root);
  requireSelfContained(spec, content, files);
  const record = recordOf(config, content);
  requireSameLook(out, record);
  requireWritableFolder(out);
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
  let [made, kept] = [0, 0];
  const copy = async (index: number) => {
    const { image, label } = files.of(index);
    const to = place(image, files.root, out);
    if (label !== undefined) link(label, place(label, files.root, out));
    if (existsSync(to)) {
      kept++; // complete: files are renamed when they are complete
      if (measure) edges.push(edgeCorrelation(await sampleOf(image), await sampleOf(to)));
      return;
    }
    const sample = await sampleOf(image, names[index]);
    const result = await restyle(sample, index);
    if (measure) edges.push(edgeCorrelation(sample, result));
    writeAtomically(to, await encode(result, to));
    made++;
    progress("restyling", made, count - kept);
  };
  await inFlight(count, IN_FLIGHT, copy, signal);
  const seconds = (performance.now() - began) / 1000;
  return { made, kept, seconds, complete: made + kept === count, edges };
}

async function sampleOf(path: string, name = path): Promise<Sample> {
  const { data, width, height } = await readImage(path);
  return { name, width, height, image: data };
}

const place = (path: string, root: string, out: string) => join(out, relative(root, path));

/** Creates a hard link, or a symbolic link on another disk. */
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

/** Encodes in the format of the extension; JPEG in a camera's quality, without chroma subsampling. */
function encode({ image, width, height }: Sample, path: string): Promise<Buffer> {
  const picture = sharp(image, { raw: { width, height, channels: 3 } });
  const extension = extname(path).toLowerCase();
  if (extension === ".png") return picture.png({ compressionLevel: 1 }).toBuffer();
  if (extension === ".webp") return picture.webp({ quality: 95 }).toBuffer();
  return picture.jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer();
}

/** @throws UserError if a copy would be in its data set, or contain it */
function requireApart(out: string, root: string): void {
  if (isBelow(out, root) || isBelow(root, out)) {
    throw new UserError(
      "conflicting-options",
      `--out ${out} is in the data set ${root}, or contains it; choose another folder`,
    );
  }
}

/** @throws UserError if a file would be copied outside of the copy, or the copy be read with the original images */
function requireSelfContained(spec: object, { names }: Dataset, files: DatasetFiles): void {
  const absolute = Object.entries(spec).filter(
    ([key, value]) => key !== "root" && typeof value === "string" && isAbsolute(value),
  );
  for (const index of names.keys()) {
    const { image, label = image } = files.of(index);
    requireBelow(files.root, [image, label]);
    const [key, folder] = absolute.find(([, path]) => isBelow(image, path)) ?? [];
    if (folder === undefined) continue;
    throw new UserError(
      "dataset-layout",
      `${key}: ${folder} is absolute, so a copy would be read with the original images; write it relative to ` +
        `the root: ${key}: ${relative(files.root, folder) || "."}`,
    );
  }
  requireBelow(files.root, files.beside);
}

function requireBelow(root: string, paths: readonly string[]): void {
  const outside = paths.find((path) => !isBelow(path, root));
  if (outside === undefined) return;
  throw new UserError(
    "dataset-layout",
    `${outside} is outside the root ${root}, and only what is in the root can be copied; copy the images (or ` +
      "this file) into the root first, and change the option that names them",
  );
}

/** The record of the settings that a folder was restyled with. */
function recordOf({ style, source, target, train }: Config, content: Dataset) {
  const { training, ...look } = style;
  const coder = style.method === "adain" ? { ...training, of: [source, target] } : {};
  const made = { look, coder, target, seed: train.seed };
  const digest = createHash("sha256").update(JSON.stringify(made)).digest("hex").slice(0, 16);
  return { set: content.name, digest, ...made };
}

/** @throws UserError if a folder was restyled with other settings */
function requireSameLook(out: string, record: { readonly digest: string }): void {
  const path = join(out, RECORD);
  if (!existsSync(path)) return;
  const found = readJson(path, z.looseObject({ digest: z.string() }), "delete the folder");
  if (found.digest !== record.digest) {
    throw new UserError(
      "already-exists",
      `${out} was restyled with other settings, see ${path}; choose another --out, or delete it`,
    );
  }
}
