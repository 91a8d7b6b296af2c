import type { Choice, Grammar, Kind, Vocabulary } from "./grammar.js";

/** A completion script for fish. */
export function fish(grammar: readonly Grammar[], { presets, settings }: Vocabulary): string {
  const paths = grammar.map(({ path }) => quote(path)).filter((path) => path !== "''");
  return `# cfcontra in fish: made by \`cfcontra completion fish\`.

set -g __cfcontra_presets ${presets.join(" ")}
set -g __cfcontra_settings ${settings.join(" ")}

# Whether the command so far is this one.
function __cfcontra_at
    set -l all (commandline -opc)
    set -l command
    for word in $all[2..]
        string match -q -- '-*' $word; and continue
        set -l longer (string join ' ' $command $word)
        contains -- $longer ${paths.join(" ")}; or break
        set command $longer
    end
    test "$command" = "$argv[1]"
end

# The settings that begin with what was typed, no further than their next section or value.
function __cfcontra_setting
    set -l typed (commandline -ct | string replace -r '^--set=' '')
    set -l start '^'(string escape --style=regex -- "$typed")
    string match -q '*=*' -- "$typed"; and set -l rest '.*'; or set -l rest '[^.=]*[.=]'
    string match -r -- $start$rest $__cfcontra_settings | sort -u
end

complete -c cfcontra -f
${grammar.flatMap(linesOf).join("\n")}
`;
}

function linesOf({ path, commands, options, places }: Grammar): string[] {
  const start = `complete -c cfcontra -n ${quote(`__cfcontra_at ${quote(path)}`)}`;
  return [
    ...commands.map(({ name, description }) => `${start} -a ${name} -d ${quote(description)}`),
    ...options.map((choice) => `${start} ${optionOf(choice)} -d ${quote(choice.description)}`),
    ...new Set(places.map(({ kind }) => `${start} ${wordsOf(kind)}`)),
  ].map((line) => line.trimEnd());
}

function optionOf({ flag, value, optional }: Choice): string {
  const name = `-l ${flag.slice(2)}`;
  if (!value) return name;
  return `${name} ${optional ? "" : "-r "}${wordsOf(value)}`.trimEnd();
}

function wordsOf(kind: Kind): string {
  switch (kind) {
    case "file":
      return "-F";
    case "folder":
      return "-f -a '(__fish_complete_directories)'";
    case "preset":
      return "-F -a '$__cfcontra_presets'";
    case "setting":
      return "-f -a '(__cfcontra_setting)'";
    case "anything":
      return "-f";
    default:
      return `-f -a ${quote(kind.join(" "))}`;
  }
}

const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
