import type { Argument, Command, Option } from "commander";
import { METHODS } from "../../methods/index.js";
import { STYLES } from "../../style/index.js";

/** The kind of value of an option or argument: one of these words, a path, a preset, a setting, or free text. */
export type Kind = "file" | "folder" | "preset" | "setting" | "anything" | readonly string[];

/** Words of several options, which a script contains once. */
export interface Vocabulary {
  readonly presets: readonly string[];
  readonly settings: readonly string[];
}

/** An option with its dashes. */
export interface Choice {
  readonly flag: string;
  readonly description: string;
  /** undefined if it does not have a value */
  readonly value: Kind | undefined;
  /** The value may be left out. */
  readonly optional: boolean;
  readonly repeats: boolean;
}

/** The options and arguments of a command. */
export interface Grammar {
  /** "", "train", "style apply", ... */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly Choice[];
  readonly places: readonly {
    readonly name: string;
    readonly kind: Kind;
    readonly repeats: boolean;
  }[];
}

/** Kinds by the name between the brackets of an option or argument; a file if it is not listed. */
const KINDS: Readonly<Record<string, Kind>> = {
  preset: "preset",
  method: METHODS,
  style: ["none", ...STYLES, "adain"],
  styles: [...STYLES, "adain"],
  domain: ["source", "target", "labelledTarget"],
  "key=value": "setting",
  folder: "folder",
  run: "file", // or a checkpoint inside one
  ...Object.fromEntries(
    ["n", "seconds", "list", "address", "set"].map((name) => [name, "anything"]),
  ),
};

/** The commands of a program, read from its definition, to generate completion scripts. */
export function grammarOf(program: Command): Grammar[] {
  const kindOf = (name: string, choices?: readonly string[]) => choices ?? KINDS[name] ?? "file";
  const place = (argument: Argument) => ({
    name: argument.name(),
    kind: kindOf(argument.name(), argument.argChoices),
    repeats: argument.variadic,
  });
  const choice = ({ long, flags, description, optional, argChoices, defaultValue }: Option) => {
    const name = /[<[]([^>\].]+)/.exec(flags)?.[1];
    return {
      flag: long as string,
      description,
      value: name === undefined ? undefined : kindOf(name, argChoices),
      optional,
      repeats: Array.isArray(defaultValue),
    };
  };
  const visit = (command: Command, path: string): Grammar[] => {
    const help = command.createHelp();
    const commands = help.visibleCommands(command).map((inner) => ({
      name: inner.name(),
      description: inner.description(),
    }));
    return [
      {
        path,
        commands,
        options: help.visibleOptions(command).map(choice),
        places: command.registeredArguments.map(place),
      },
      ...command.commands.flatMap((inner) => visit(inner, `${path} ${inner.name()}`.trim())),
    ];
  };
  return visit(program, "");
}
