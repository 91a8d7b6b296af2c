import type { Choice, Grammar, Kind, Vocabulary } from "./grammar.js";

/** A completion script for zsh, to lie in a folder of `fpath` or to be sourced after `compinit`. */
export function zsh(grammar: readonly Grammar[], { presets, settings }: Vocabulary): string {
  return `#compdef cfcontra
# cfcontra in zsh: made by \`cfcontra completion zsh\`.

${grammar.map(functionOf).join("\n\n")}

_cfcontra_presets() {
  _alternative 'presets:preset:(${presets.join(" ")})' 'files:file:_files -g "*.yaml"'
}

# The settings that begin with what was typed, no further than their next section or value.
_cfcontra_settings() {
  local typed=$PREFIX setting rest next
  local -aU found
  for setting in ${settings.join(" ")}; do
    [[ $setting == \${(b)typed}* ]] || continue
    next=$setting
    if [[ $typed != *=* ]]; then
      rest=\${setting#\${(b)typed}}
      next=$typed\${rest%%[.=]*}
      next+=\${setting[\${#next} + 1]}
    fi
    found+=("$next")
  done
  if [[ $typed == *=* ]]; then compadd -a found; else compadd -S '' -a found; fi
}

if [[ $funcstack[1] == _cfcontra ]]; then _cfcontra "$@"; else compdef _cfcontra cfcontra; fi
`;
}

/** The function for one command: its options, then its places or the commands below it. */
function functionOf({ path, commands, options, places }: Grammar): string {
  const name = ["_cfcontra", ...path.split(" ").filter(Boolean)].join("_");
  const own = options.map(optionOf);
  if (commands.length === 0) {
    const all = places.map((place, i) => {
      const at = place.repeats ? "*" : i + 1;
      return quote(`${at}:${escaped(place.name)}:${actionOf(place.kind)}`);
    });
    return `${name}() {\n  _arguments -s ${[...own, ...all].join(" \\\n    ")}\n}`;
  }
  const listed = commands.map((one) => quote(`${one.name}:${one.description}`));
  return `${name}() {
  local curcontext=$curcontext state line
  local -a commands=(
    ${listed.join("\n    ")}
  )
  _arguments -C ${[...own, "': :->command'", "'*:: :->rest'"].join(" \\\n    ")}
  case $state in
    command) _describe command commands ;;
    rest) (( $+functions[${name}_$line[1]] )) && ${name}_$line[1] ;;
  esac
}`;
}

function optionOf({ flag, description, value, optional, repeats }: Choice): string {
  const text = `[${escaped(description)}]`;
  const start = repeats ? "*" : "";
  if (!value) return quote(`${start}${flag}${text}`);
  return quote(`${start}${flag}=${text}:${optional ? ":" : ""}value:${actionOf(value)}`);
}

function actionOf(kind: Kind): string {
  switch (kind) {
    case "file":
      return "_files";
    case "folder":
      return "_files -/";
    case "preset":
      return "_cfcontra_presets";
    case "setting":
      return "_cfcontra_settings";
    case "anything":
      return " ";
    default:
      return `(${kind.join(" ")})`;
  }
}

const escaped = (text: string): string => text.replace(/[[\]:\\]/g, "\\$&");
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
