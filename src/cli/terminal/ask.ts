import type { Questions } from "../../experiment/starter/index.js";

/** Leaves a placeholder for every question: for programs, and `--yes`. */
export const silent: Questions = {
  className: async () => undefined,
  unlabelled: async () => undefined,
};

/**
 * Asks in the terminal, on stderr like everything but results. An empty answer leaves a placeholder.
 */
export function asking(): Questions {
  const context = { output: process.stderr };
  const placeholder = "(decide later)";
  return {
    async className({ set, value, share, images, choices }) {
      const { input, select } = await import("@inquirer/prompts");
      const where =
        share === undefined
          ? ""
          : ` (${(100 * share).toFixed(1)} % of the pixels, in ${images} files)`;
      const message = `${set}: class of ${value}${where}`;
      if (choices === undefined) {
        const name = await input(
          { message: `${message}, or ignore; empty: decide later` },
          context,
        );
        return name.trim() === "" ? undefined : name.trim();
      }
      const answer = await select(
        { message, choices: [...choices, "ignore", placeholder].map((name) => ({ value: name })) },
        context,
      );
      return answer === placeholder ? undefined : answer;
    },
    async unlabelled({ set, classes }) {
      const { select } = await import("@inquirer/prompts");
      const answer = await select(
        {
          message: `${set}: pixels without annotation are`,
          choices: [
            { value: "ignore", description: "they may show anything, and are not counted" },
            ...classes.map((value) => ({ value, description: "everything else is annotated" })),
            { value: placeholder },
          ],
        },
        context,
      );
      return answer === placeholder ? undefined : answer;
    },
  };
}
