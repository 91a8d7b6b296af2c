import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

// These files run on a forge only: the tests check their format, and that the names in them exist.

const FORMS = ".github/ISSUE_TEMPLATE";
const WORKFLOWS = ".github/workflows";
const read = (path: string) => parse(readFileSync(path, "utf8")); // duplicate keys are errors
const { scripts, engines, license } = JSON.parse(readFileSync("package.json", "utf8"));

const text = z.string().min(1);
const step = z.union([
  z.strictObject({ uses: z.string().regex(/^actions\/[\w-]+@v\d+$/), with: z.object().optional() }),
  z.strictObject({ name: text.optional(), run: text }),
]);
const workflow = z.strictObject({
  name: text,
  on: z.record(z.enum(["push", "pull_request"]), z.unknown()),
  permissions: z.strictObject({ contents: z.literal("read") }),
  concurrency: z.object(),
  jobs: z.record(
    text,
    z.strictObject({
      name: text,
      "runs-on": text,
      "timeout-minutes": z.number(),
      container: text.optional(),
      strategy: z.strictObject({
        "fail-fast": z.literal(false),
        matrix: z.record(text, z.array(z.union([text, z.number()])).min(1)),
      }),
      steps: z.array(step).min(1),
    }),
  ),
});

describe.each(readdirSync(WORKFLOWS))("the workflow %s", (name) => {
  const { jobs } = workflow.parse(read(`${WORKFLOWS}/${name}`));

  test.each(Object.entries(jobs))(
    "%s uses what its matrix defines, and caches npm only",
    (_, job) => {
      const used = [...JSON.stringify(job).matchAll(/\$\{\{ (?:matrix\.(\w+)|[^}]*) \}\}/g)];
      expect(used.length).toBeGreaterThan(2);
      const defined = Object.keys(job.strategy.matrix);
      expect(new Set(used.map(([, key]) => key))).toEqual(new Set(defined));
      expect(job.steps.filter((each) => "uses" in each).map(({ uses }) => uses)).toEqual([
        expect.stringMatching(/^actions\/checkout@/),
        expect.stringMatching(/^actions\/setup-node@/),
      ]);
    },
  );

  test.each(Object.entries(jobs))("%s runs commands that CONTRIBUTING.md names", (_, job) => {
    const commands = job.steps.flatMap((each) => ("run" in each ? each.run.split("\n") : []));
    const ours = commands.filter((command) => command.startsWith("npm "));
    expect(ours).toEqual(["npm run setup", "npm run check", "npm test"]);
    const contributing = readFileSync("CONTRIBUTING.md", "utf8");
    for (const command of ours) {
      expect(Object.keys(scripts)).toContain(command.split(" ").at(-1));
      expect(contributing).toMatch(new RegExp(`^    ${command}( |$)`, "m"));
    }
  });

  test.each(Object.entries(jobs))("%s tries the oldest Node that the package allows", (_, job) => {
    const oldest = Number(/\d+/.exec(engines.node)?.[0]);
    expect(Math.min(...(job.strategy.matrix.node as number[]))).toBe(oldest);
  });
});

const field = z.strictObject({
  type: z.enum(["textarea", "dropdown", "checkboxes"]),
  id: z.string().regex(/^[a-z]+$/),
  attributes: z.strictObject({
    label: text,
    description: text.optional(),
    placeholder: text.optional(),
    render: text.optional(),
    options: z
      .array(z.union([text, z.strictObject({ label: text, required: z.boolean().optional() })]))
      .optional(),
  }),
  validations: z.strictObject({ required: z.literal(true) }).optional(),
});
const form = z.strictObject({
  name: text,
  description: text,
  labels: z.array(text),
  body: z.array(field).min(1),
});

describe.each(readdirSync(FORMS))("the form %s", (name) => {
  const { body } = form.parse(read(`${FORMS}/${name}`));

  test("asks different questions, at least one of them required", () => {
    const ids = body.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const labels = body.map(({ attributes }) => attributes.label);
    expect(new Set(labels).size).toBe(labels.length);
    expect(body.some(({ validations }) => validations?.required)).toBe(true);
    for (const { type, attributes } of body) {
      expect(attributes.options !== undefined).toBe(type !== "textarea");
    }
  });

  test("names documents that exist", () => {
    const named = readFileSync(`${FORMS}/${name}`, "utf8").match(/docs\/[\w.-]+/g) ?? [];
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });
});

test("CITATION.cff cites the paper, and does not state a version", () => {
  const person = z.strictObject({ "family-names": text, "given-names": text });
  const citation = z.strictObject({
    "cff-version": z.literal("1.2.0"),
    message: text,
    type: z.literal("software"),
    title: text,
    abstract: text,
    authors: z.array(z.strictObject({ name: text })).min(1),
    license: z.literal(license),
    keywords: z.array(text),
    "preferred-citation": z.strictObject({
      type: text,
      title: text,
      authors: z.array(person),
      year: z.literal(2021),
      month: z.literal(3),
      url: z.literal("https://arxiv.org/abs/2103.12371"),
      identifiers: z.array(z.object({ type: text, value: z.literal("arXiv:2103.12371") })),
    }),
  });
  const found = citation.parse(read("CITATION.cff"));
  const names = found["preferred-citation"].authors.map((author) => author["family-names"]);
  expect(names).toEqual(["Tang", "Tang", "Gong", "Ma", "Xie"]);
});
