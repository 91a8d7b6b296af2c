import { basename } from "node:path";
import { isClassName } from "../../datasets/files/classes-option.js";
import { UserError } from "../../errors.js";
import type { Questions, ValueQuestion } from "../../experiment/starter/index.js";

/** Leaves a placeholder for every question: for programs, and `--yes`. */
export const silent: Questions = {
  className: async () => undefined,
  unlabelled: async () => undefined,
};

const LATER = "decide later";
/** Results go to stdout, everything else to stderr. */
const context = { output: process.stderr };

/**
 * Asks in the terminal.
 * @throws UserError if Ctrl-C ends a question
 */
export const asking: Questions = {
  className: (about) =>
    answered(async () => {
      const { input, select } = await import("@inquirer/prompts");
      if (about.choices !== undefined) {
        const choices = [...about.choices, "ignore", LATER].map((value) => ({ value }));
        const answer = await select({ message: question(about), choices }, context);
        return answer === LATER ? undefined : answer;
      }
      const message = `${question(about)} (or ignore; Enter: ${LATER})`;
      const validate = (name: string) =>
        name.trim() === "" || isClassName(name.trim()) || "expected 1 to 64 visible characters";
      return (await input({ message, validate }, context)).trim() || undefined;
    }),
  unlabelled: ({ set, classes }) =>
    answered(async () => {
      const { select } = await import("@inquirer/prompts");
      const choices = [
        { value: "ignore", description: "they may show anything, and are not counted" },
        ...classes.map((value) => ({ value, description: "everything else is annotated" })),
        { value: LATER, description: "a placeholder is written" },
      ];
      const message = `${basename(set)}: pixels without annotation are`;
      const answer = await select({ message, choices }, context);
      return answer === LATER ? undefined : answer;
    }),
};

function question({ set, value, share }: ValueQuestion): string {
  const often = share === undefined ? "" : `, ${(100 * share).toFixed(1)} % of the pixels`;
  return `${basename(set)}: class of ${value}${often}`;
}

async function answered<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if ((error as Error).name !== "ExitPromptError") throw error;
    throw new UserError("stopped", "stopped: no preset was written", { cause: error });
  }
}
