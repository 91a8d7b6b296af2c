import { readdir } from "node:fs/promises";
import { settingsOf } from "../report/run-groups.js";
import type { ClassSet, Features, Points, Preview, RunDetails } from "./api.js";
import { asMapping, asNumber, parseMapping, readJson, readText } from "./read-file.js";
import type { Run } from "./run.js";

/** What a run's page shows beside its numbers. */
export async function details(run: Run, keys: readonly string[]): Promise<RunDetails> {
  const [configText = "", classes, previews, styles] = await Promise.all([
    readText(run.file("config.yaml")),
    readClasses(run),
    findPreviews(run),
    namesIn(run, "style"),
  ]);
  const has = (name: string) => run.file(name) !== undefined;
  return {
    summary: run.summary,
    configText,
    settings: Object.fromEntries(settingsOf(parseMapping(configText))),
    keys,
    previews,
    styles: styles.flatMap((name) => /^(\d+)-content\.jpg$/.exec(name)?.[1] ?? []),
    hasFeatures: has("features.json"),
    hasPrototypes: has("prototypes.jsonl"),
    hasConfusion: has("confusion.json"),
    hasReport: has("report.html"),
    ...(classes ? { classes } : {}),
  };
}

async function readClasses(run: Run): Promise<ClassSet | undefined> {
  const [own, result] = await Promise.all([
    readJson(run.file("classes.json")),
    readJson(run.file("result.json")),
  ]);
  const names = [own?.names, result?.classes].find(Array.isArray)?.map(String);
  const colors = Array.isArray(own?.colors) ? own.colors : [];
  return names && { names, colors: names.map((_, k) => rgb(colors[k])) };
}

function rgb(color: unknown): [number, number, number] {
  const [r, g, b] = Array.isArray(color) ? color.map((part) => asNumber(part) ?? 128) : [];
  return [r ?? 128, g ?? 128, b ?? 128];
}

async function findPreviews(run: Run): Promise<Preview[]> {
  const sets = await namesIn(run, "previews");
  const places = await Promise.all(
    sets.map(async (set) =>
      (await namesIn(run, `previews/${set}`))
        .filter((name) => /^\d+$/.test(name))
        .map((image) => ({ set, image })),
    ),
  );
  return Promise.all(
    places.flat().map(async ({ set, image }) => {
      const folder = `previews/${set}/${image}`;
      const [names, text] = await Promise.all([
        namesIn(run, folder),
        readText(run.file(`${folder}/name.txt`)),
      ]);
      const steps = (kind: string) =>
        names
          .flatMap((name) =>
            name.endsWith(`-${kind}.png`) ? (/^step-(\d+)-/.exec(name)?.[1] ?? []) : [],
          )
          .map(Number);
      return {
        set,
        image,
        name: text?.trim() || image,
        truth: names.includes("truth.png"),
        predictions: steps("prediction"),
        entropies: steps("entropy"),
      };
    }),
  );
}

/** Sorted; none where the folder is missing. */
async function namesIn(run: Run, folder: string): Promise<string[]> {
  const path = run.file(folder);
  return path === undefined ? [] : (await readdir(path).catch(() => [])).sort();
}

/** features.json, if it is one. */
export async function readFeatures(run: Run): Promise<Features | undefined> {
  const raw = await readJson(run.file("features.json"));
  const after = points(raw?.after);
  const before = points(raw?.before);
  return after && { after, ...(before ? { before } : {}) };
}

function points(value: unknown): Points | undefined {
  const { x, y, domain, class: classes } = asMapping(value);
  const lists = [x, y, domain, classes];
  if (!lists.every(Array.isArray)) return undefined;
  return { x, y, domain, class: classes } as Points;
}

/** confusion.json as it is, if it holds matrices. */
export async function readConfusion(run: Run): Promise<Record<string, unknown> | undefined> {
  const raw = await readJson(run.file("confusion.json"));
  return raw && Object.keys(asMapping(raw.sets)).length > 0 ? raw : undefined;
}
