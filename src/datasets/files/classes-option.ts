import { z } from "zod";
import { classSets } from "../class-sets.js";
import { IGNORE } from "../dataset.js";

const channel = z.number().int().min(0).max(255);
const color = z.tuple([channel, channel, channel]);

/** Names are keys of metrics and are printed: no invisible characters, apart from joiners. */
const CLASS_NAME = /^(?!__proto__$)(?=.*\S)([^\p{C}\p{Zl}\p{Zp}]|[\u200c\u200d]){1,64}$/u;
/** Whether a name may be that of a class. */
export const isClassName = (name: string): boolean => CLASS_NAME.test(name);

const className = z.string().regex(CLASS_NAME);

const classEntry = z.union([
  className,
  z.strictObject({ name: className, color: color.optional() }),
]);

/** A known class set by name, or a list of class names with or without colours. */
export const classesSchema = z.preprocess(
  (value, context) => {
    const message = faultOfClasses(value);
    if (message === undefined) return value;
    context.addIssue({ code: "custom", message, input: value });
    return z.NEVER;
  },
  z.union([z.enum(Object.keys(classSets) as [keyof typeof classSets]), z.array(classEntry)]),
);

/** What is wrong with a value of `classes`; undefined if it is valid. */
function faultOfClasses(value: unknown): string | undefined {
  if (typeof value === "string" && Object.hasOwn(classSets, value)) return undefined;
  const list = "a list of class names (each may be { name, color: [r, g, b] })";
  if (!Array.isArray(value)) return `expected ${Object.keys(classSets).join(", ")}, or ${list}`;
  if (value.length < 2) return "expected at least two classes";
  if (value.length > IGNORE) return `expected at most ${IGNORE} classes, found ${value.length}`;
  const wrong = value.findIndex((entry) => !classEntry.safeParse(entry).success);
  if (wrong < 0) return undefined;
  const name: unknown = value[wrong]?.name ?? value[wrong];
  if (typeof name !== "string" || className.safeParse(name).success) return `expected ${list}`;
  return (
    `${JSON.stringify(name.slice(0, 64))} is not a class name: expected 1 to 64 visible characters, ` +
    "other than __proto__"
  );
}
