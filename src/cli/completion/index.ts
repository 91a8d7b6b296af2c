import type { Command } from "commander";
import { presetNames } from "../../experiment/presets.js";
import { bash } from "./bash.js";
import { fish } from "./fish.js";
import { grammarOf } from "./grammar.js";
import { settings } from "./settings.js";
import { zsh } from "./zsh.js";

const shells = { bash, zsh, fish };

/** Prints a script that completes the commands of a program. */
export function completion(shell: keyof typeof shells, program: Command): void {
  const vocabulary = { presets: presetNames(), settings: settings() };
  process.stdout.write(shells[shell](grammarOf(program), vocabulary));
}
