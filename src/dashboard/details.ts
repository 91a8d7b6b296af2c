import { readdir } from "node:fs/promises";
import { isExtreme } from "../report/preview-files.js";
import { settingsOf } from "../report/run-groups.js";
import type {
  ClassSet,
  Features,
  Points,
  Preview,
  RunBaseline,
  RunDetails,
  RunNote,
} from "./api.js";
import { parseObject } from "./follow.js";
import { asMapping, asNumber, asString, LARGEST, readJson, readText } from "./read-file.js";
import type { Run } from "./run.js";

const MOST = { notes: 200, losses: 100, classes: 1000, images: 200, points: 20_000 } as const;

/** What a run's page shows besides its numbers. */
export async function details(
  run: Run,
  keys: readonly string[],
  baseline: RunBaseline | undefined,
  starts: readonly string[],
): Promise<RunDetails> {
  const [configText = "", classes, previews, styles, notes, iou, weights] = await Promise.all([
    readText(run.file("config.yaml"), LARGEST.config),
    readClasses(run),
    findPreviews(run),
    namesIn(run, "style"),
    readNotes(run),
    readIou(run),
    readWeights(run),
  ]);
  const has = (name: string) => run.file(name) !== undefined;
  return {
    summary: run.summary,
    configText,
    ...{ notes, iou, starts },
    settings: Object.fromEntries(settingsOf(run.configuration)),
    ...{ keys, weights },
    previews,
    hasImages: has("images.jsonl"),
    styles: styles.flatMap((name) => /^(\d+)-content\.jpg$/.exec(name)?.[1] ?? []),
    hasFeatures: has("features.json"),
    hasPrototypes: has("prototypes.jsonl"),
    hasConfusion: has("confusion.json"),
    ...(classes ? { classes } : {}),
    ...(baseline ? { baseline } : {}),
  };
}

/** The newest notes of notes.jsonl. */
async function readNotes(run: Run): Promise<RunNote[]> {
  const text = (await readText(run.file("notes.jsonl"), LARGEST.json)) ?? "";
  return text
    .split("\n")
    .slice(-MOST.notes - 1)
    .flatMap((line) => {
      const entry = parseObject(line);
      const [step, note] = [asNumber(entry?.step), asString(entry?.text)];
      if (step === undefined || note === undefined) return [];
      return [{ step, level: entry?.level === "warning" ? "warning" : "note", text: note }];
    });
}

/** The numbers of losses.json. */
async function readWeights(run: Run): Promise<Record<string, number>> {
  const entries = Object.entries((await readJson(run.file("losses.json"))) ?? {});
  return Object.fromEntries(
    entries.slice(0, MOST.losses).flatMap(([name, value]) => {
      const weight = asNumber(value);
      return weight === undefined ? [] : [[name, weight]];
    }),
  );
}

/** IoU by class on the main set, of result.json; empty if it has none. */
export async function readIou(run: Run): Promise<(number | null)[]> {
  const result = await readJson(run.file("result.json"));
  const scores = asMapping(result?.scores);
  const main = Object.keys(asMapping(run.configuration.evaluate)).find((set) => set in scores);
  const { iou } = asMapping(scores[main ?? ""]);
  return Array.isArray(iou) ? iou.slice(0, MOST.classes).map((one) => asNumber(one) ?? null) : [];
}

async function readClasses(run: Run): Promise<ClassSet | undefined> {
  const [own, result] = await Promise.all([
    readJson(run.file("classes.json")),
    readJson(run.file("result.json")),
  ]);
  const names = [own?.names, result?.classes]
    .find(Array.isArray)
    ?.slice(0, MOST.classes)
    .map(String);
  const colors = Array.isArray(own?.colors) ? own.colors : [];
  return names && { names, colors: names.map((_: string, k: number) => rgb(colors[k])) };
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
        .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
        .map((image) => ({ set, image })),
    ),
  );
  return Promise.all(
    places
      .flat()
      .slice(0, MOST.images)
      .map(async ({ set, image }) => {
        const folder = `previews/${set}/${image}`;
        const [names, text, baseline] = await Promise.all([
          namesIn(run, folder),
          readText(run.file(`${folder}/name.txt`), LARGEST.json),
          readText(run.file(`${folder}/baseline.txt`), LARGEST.json),
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
          name: asString(text?.trim()) || image,
          extreme: isExtreme(image),
          truth: names.includes("truth.png"),
          ...(names.includes("baseline.png") && {
            baseline: asString(baseline?.trim()) || "the baseline",
          }),
          predictions: steps("prediction"),
          entropies: steps("entropy"),
        };
      }),
  );
}

/** Sorted; none if the folder is missing. */
async function namesIn(run: Run, folder: string): Promise<string[]> {
  const path = run.file(folder);
  return path === undefined ? [] : (await readdir(path).catch(() => [])).sort();
}

/** features.json, if it holds a map. */
export async function readFeatures(run: Run): Promise<Features | undefined> {
  const raw = await readJson(run.file("features.json"), LARGEST.table);
  const after = points(raw?.after);
  const before = points(raw?.before);
  return after && { after, ...(before ? { before } : {}) };
}

/** Lists of numbers of one length; evenly spread points, if there are many. */
function points(value: unknown): Points | undefined {
  const { x, y, domain, class: classes } = asMapping(value);
  const lists = [x, y, domain, classes];
  if (!lists.every((list) => Array.isArray(list) && list.length === (x as unknown[]).length)) {
    return undefined;
  }
  const stride = Math.max(1, Math.ceil((x as unknown[]).length / MOST.points));
  const [own, ...others] = lists.map((list) =>
    (list as unknown[]).filter((_, i) => i % stride === 0).map((one) => asNumber(one) ?? 0),
  ) as [number[], number[], number[], number[]];
  return { x: own, y: others[0], domain: others[1], class: others[2] };
}

/** confusion.json, if it holds matrices. */
export async function readConfusion(run: Run): Promise<Record<string, unknown> | undefined> {
  const raw = await readJson(run.file("confusion.json"), LARGEST.table);
  return raw && Object.keys(asMapping(raw.sets)).length > 0 ? raw : undefined;
}
