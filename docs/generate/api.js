// The API reference: everything that the entries of package.json export, with signatures and doc
// comments, as one Markdown page per folder of src/. `npm run docs` writes it to docs/api/.
import { readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { exportOf, statements } from "./declarations.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const NOTE = "<!-- Made by `npm run docs` from the doc comments in src/. -->";
/** The folders in the order data flows; what lies in none of them is on the first page. */
const ABOUT = {
  torch: "Tensors, scopes, autograd, files of tensors, process groups.",
  nn: "Layers over named parameters, optimisers, schedules, recorded graphs.",
  datasets: "Data sets, their samples, the loader.",
  style: "The coarse stage: styles, AdaIN's coder, edge correlation.",
  network: "ResNet, MobileNet, DeepLab-v2, projection heads.",
  contrast: "Memory banks, pseudo-labels, the contrastive loss.",
  entropy: "Losses on predictions, discriminators.",
  methods: "The adaptation methods. Their options: [methods](../methods.md).",
  train: "The loop, checkpoints, the run folder.",
  evaluate: "Confusion matrix, scores, prediction.",
  export: "ONNX out, and exported networks in Node and the browser.",
  report: "Run folders read without libtorch, comparisons of runs.",
  experiment: "From a preset to a finished run, and back: train, evaluate, predict, export.",
};

/** @typedef {import("./declarations.js").Statement} Statement */

/**
 * @typedef {object} Entity something that is exported
 * @property {string} name
 * @property {[string, ...string[]]} access how it is reached, as `import { torch } from "cfcontra"`'s "torch.scope"
 * @property {string} entry the module it is imported from
 * @property {string} file its declarations, below dist/
 * @property {[Statement, ...Statement[]]} declarations overloads have several
 */

/** @typedef {keyof typeof ABOUT} Folder */
/** @typedef {Map<Entity, { page: string, anchor: string }>} Links where an entity is described */

/** Everything exported, by "file:name". @returns {Map<string, Entity>} */
export function entities(dist = join(ROOT, "dist")) {
  const { name, exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  /** @type {Map<string, Statement[]>} */
  const parsed = new Map();
  /** @param {string} file @returns {Statement[]} */
  const parse = (file) => {
    const known = parsed.get(file);
    if (known) return known;
    const found = statements(readFileSync(join(dist, file), "utf8"));
    parsed.set(file, found);
    return found;
  };
  /** @type {Map<string, Entity>} */
  const found = new Map();
  /**
   * Adds what `file` exports under `wanted` (all where that is undefined).
   * @param {string} file
   * @param {string} entry
   * @param {string} prefix
   * @param {string} [wanted]
   */
  const visit = (file, entry, prefix, wanted) => {
    for (const statement of parse(file)) {
      const { names, from, as, declares } = exportOf(statement.text);
      const there = from && posix.join(dirname(file), from).replace(/\.js$/, ".d.ts");
      if (as && there) {
        if (!wanted || wanted === as) visit(there, entry, `${as}.`);
      } else if (names && there) {
        for (const [own, other] of names) {
          if (!wanted || wanted === other) visit(there, entry, prefix, own);
        }
      } else if (there) visit(there, entry, prefix, wanted);
      else if (declares && (!wanted || wanted === declares)) {
        const key = `${file}:${declares}`;
        const access = prefix + declares;
        /** @type {Entity} */
        const known = found.get(key) ?? {
          name: declares,
          access: [access],
          entry,
          file,
          declarations: [statement],
        };
        if (!known.access.includes(access)) known.access.push(access);
        if (!known.declarations.includes(statement)) known.declarations.push(statement);
        found.set(key, known);
      }
    }
  };
  const entries = /** @type {[string, { types: string }][]} */ (Object.entries(exports));
  for (const [path, { types }] of entries) {
    visit(types.replace("./dist/", ""), posix.join(name, path), "");
  }
  return found;
}

/** @param {Entity} entity */
const folderOf = ({ file }) => file.slice(0, Math.max(0, file.indexOf("/")));
/** @param {Entity} entity */
const titleOf = ({ access }) => access[0];

/** As forges make anchors of headings; a second heading of the same name gets a number. */
function slugger() {
  const seen = new Map();
  /** @param {string} heading */
  return (heading) => {
    const slug = heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  };
}

/** The pages by file name. @returns {Map<string, string>} */
export function apiPages(all = entities()) {
  const names = /** @type {Folder[]} */ (Object.keys(ABOUT));
  const folders = names.map((folder) => ({
    folder,
    own: [...all.values()]
      .filter((entity) => folderOf(entity) === folder)
      .sort((a, b) => Number(titleOf(a).includes(".")) - Number(titleOf(b).includes("."))),
  }));
  /** @type {Links} */
  const links = new Map();
  for (const { folder, own } of folders) {
    const slug = slugger();
    for (const entity of own) {
      const anchor = slug(titleOf(entity));
      links.set(entity, { page: `${folder}.md`, anchor });
    }
  }
  const pages = new Map();
  for (const { folder, own } of folders) {
    const head = `${NOTE}\n\n# ${folder}\n\n${ABOUT[folder]}\n`;
    const entries = own.map((entity) => entityText(entity, `${folder}.md`, links));
    pages.set(`${folder}.md`, [head, ...entries].join("\n"));
  }
  pages.set("README.md", firstPage(folders, all, links));
  return pages;
}

/** @param {Entity} entity @param {string} page @param {Links} links */
function entityText(entity, page, links) {
  const { file, entry, declarations } = entity;
  const comments = declarations.map(({ comment }) => comment).filter((comment) => comment !== "");
  const code = declarations.map(({ text }) => signature(text)).join("\n");
  const [first = "", ...rest] = titleOf(entity).split(".");
  const imported = rest.length > 0 ? first : entity.name;
  const erased = declarations.every(({ text }) => /^export (interface|type) /.test(text));
  const word = erased && rest.length === 0 ? "import type" : "import";
  const source = file.replace(/\.d\.ts$/, ".ts");
  const uses = usedBy(entity, code, links)
    .map((other) => linkTo(other, page, links))
    .join(", ");
  const footer = [
    `\`${word} { ${imported} } from "${entry}"\``,
    `[src/${source}](../../src/${source})`,
    ...(uses ? [`uses ${uses}`] : []),
  ].join(" · ");
  return `## ${titleOf(entity)}\n\n${comments.map(prose).join("\n\n")}${comments.length > 0 ? "\n\n" : ""}\`\`\`ts\n${code}\n\`\`\`\n\n${footer}\n`;
}

/** @param {Entity} entity @param {string} page @param {Links} links */
const linkTo = (entity, page, links) => {
  const { page: other = "", anchor = "" } = links.get(entity) ?? {};
  return `[${titleOf(entity)}](${other === page ? "" : other}#${anchor})`;
};

/**
 * The exported types that a signature names.
 * @param {Entity} entity
 * @param {string} code
 * @param {Links} links
 */
function usedBy(entity, code, links) {
  const words = new Set(code.replace(/\/\*[\s\S]*?\*\//g, "").match(/\b[A-Z]\w+/g));
  return [...links.keys()].filter(
    (other) => other !== entity && words.has(other.name) && other.name !== entity.name,
  );
}

/**
 * A doc comment as Markdown: its tags become sentences.
 * @param {string} comment
 */
function prose(comment) {
  return comment
    .replace(/^([+-]) /gm, "\\$1 ") // no list
    .replace(/^@throws ?/gm, "\n_Throws_ ")
    .replace(/^@returns ?/gm, "\n_Returns_ ")
    .replace(/^@param (\w+) ?/gm, "\n_`$1`_: ")
    .replace(/([^\n]) @throws /g, "$1\n\n_Throws_ ")
    .replace(/ @returns /g, "\n\n_Returns_ ")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/**
 * A declaration as one reads it: no `export declare`, nothing private, two spaces, no zod types.
 * @param {string} text
 */
function signature(text) {
  const readable = text
    .replace(/^export (declare )?/, "")
    .replace(/( *\/\*\*(?:(?!\*\/)[\s\S])*?\*\/\n)? *(private|#)[^;{]*;\n/g, "")
    .replace(/\bimport\("zod[^"]*"\)\./g, "z.")
    .replace(/^ +/gm, (spaces) => " ".repeat(Math.ceil(spaces.length / 2)));
  return withoutSchemas(readable);
}

/**
 * `z.ZodObject<{ ... }>` shortened: what a schema holds is documented with the methods.
 * @param {string} text
 * @returns {string}
 */
function withoutSchemas(text) {
  const start = text.indexOf("z.ZodObject<{");
  if (start < 0) return text;
  let depth = 0;
  let at = start;
  do {
    at++;
    if (text[at] === "<") depth++;
    if (text[at] === ">" && text[at - 1] !== "=") depth--;
  } while (at < text.length && (depth > 0 || text[at] !== ">"));
  return `${text.slice(0, start)}ZodObject${withoutSchemas(text.slice(at + 1))}`;
}

/**
 * @param {{ folder: Folder, own: Entity[] }[]} folders
 * @param {Map<string, Entity>} all
 * @param {Links} links
 */
function firstPage(folders, all, links) {
  const lines = folders.flatMap(({ folder, own }) => [
    `\n## [${folder}](${folder}.md)\n\n${ABOUT[folder]}\n`,
    ...own.map((entity) => {
      const first = (entity.declarations[0].comment.split(/\n\n|\n@/)[0] ?? "").replaceAll(
        "\n",
        " ",
      );
      const sentence = first.match(/^.*?\.(?= [A-Z]|$)/)?.[0] ?? first;
      return `- ${linkTo(entity, "README.md", links)}: ${sentence.replace(/\.$/, "")}`;
    }),
  ]);
  const loose = [...all.values()]
    .filter((entity) => folderOf(entity) === "")
    .map((entity) => entityText(entity, "README.md", links));
  return `${NOTE}

# API

What \`import ... from "cfcontra"\` gives, and its entries \`cfcontra/onnx\`, \`cfcontra/segmenter\` and
\`cfcontra/pixels\`, which need no libtorch. Shapes are in brackets: \`[N, C, H, W]\`. How the folders depend on
each other: [architecture](../architecture.md).
${lines.join("\n")}

${loose.join("\n")}`;
}
