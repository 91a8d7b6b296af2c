import type { Grammar, Kind, Vocabulary } from "./grammar.js";

/** A completion script for bash 3.2 (macOS) and later. It does not need the package bash-completion. */
export function bash(grammar: readonly Grammar[], { presets, settings }: Vocabulary): string {
  return `# cfcontra in bash: made by \`cfcontra completion bash\`.

# What may follow the command $1: commands in \`words\`, options in \`flags\`.
_cfcontra_command() {
  words='' flags=''
  case "$1" in
${grammar
  .map(({ path, commands, options }) => {
    const words = commands.map(({ name }) => name).join(" ");
    const flags = options.map(({ flag }) => flag).join(" ");
    return `    '${path}') words='${words}' flags='${flags}' ;;`;
  })
  .join("\n")}
  esac
}

# What stands at the place $2 of the command $1, or behind its option $2: in \`kind\`, empty for nothing.
_cfcontra_kind() {
  kind=''
  case "$1 $2" in
${cases(grammar)}
  esac
}

_cfcontra_presets='${presets.join(" ")}'
_cfcontra_settings='${settings.join(" ")}'

_cfcontra() {
  local line=\${COMP_LINE:0:COMP_POINT} command='' place=1 option='' i word kind words flags typed
  local -a all
  read -ra all <<< "$line"
  [[ $line == *[[:space:]] ]] && all+=('')
  local current=\${all[\${#all[@]} - 1]}
  for ((i = 1; i < \${#all[@]} - 1; i++)); do
    word=\${all[i]}
    if [[ -n $option && $word != -* ]]; then option=''; continue; fi
    option=''
    if [[ $word == -* ]]; then
      _cfcontra_kind "$command" "$word"
      [[ -n $kind ]] && option=$word
      continue
    fi
    _cfcontra_command "$command"
    if [[ " $words " == *" $word "* ]]; then command="\${command:+$command }$word"; else place=$((place + 1)); fi
  done
  COMPREPLY=()
  typed=$current
  _cfcontra_command "$command"
  if [[ $current == --*=* ]]; then
    _cfcontra_kind "$command" "\${current%%=*}"
    typed=\${current#*=}
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
    return
  elif [[ -n $option ]]; then
    _cfcontra_kind "$command" "$option"
  elif [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  else
    _cfcontra_kind "$command" "$place"
    [[ -z $kind ]] && _cfcontra_kind "$command" '*'
  fi
  case "$kind" in
    '' | anything) return ;;
    file) _cfcontra_files "$typed" ;;
    folder) _cfcontra_folders "$typed" ;;
    preset)
      COMPREPLY=($(compgen -W "$_cfcontra_presets" -- "$typed"))
      [[ \${#COMPREPLY[@]} -eq 0 ]] && _cfcontra_files "$typed"
      ;;
    setting) _cfcontra_setting "$typed" ;;
    *) COMPREPLY=($(compgen -W "$kind" -- "$typed")) ;;
  esac
}

# The settings that begin with $1, no further than their next section or value.
_cfcontra_setting() {
  local setting rest next last=''
  for setting in $_cfcontra_settings; do
    [[ $setting == "$1"* ]] || continue
    rest=\${setting:\${#1}}
    if [[ $1 == *=* ]]; then next=$setting
    else next=$1\${rest%%[.=]*}; next=$next\${setting:\${#next}:1}
    fi
    [[ $next == "$last" ]] || COMPREPLY+=("$next")
    last=$next
  done
  if [[ $1 != *=* ]]; then compopt -o nospace 2> /dev/null
  elif [[ $COMP_WORDBREAKS == *=* ]]; then COMPREPLY=("\${COMPREPLY[@]#"\${1%%=*}="}") # a word begins behind it
  fi
}

# Names of files as the shell completes them, quoted where they must be; older ones as they are.
_cfcontra_files() {
  local IFS=$'\\n'
  compopt -o default 2> /dev/null || COMPREPLY=($(compgen -f -- "$1"))
}
_cfcontra_folders() {
  local IFS=$'\\n'
  compopt -o dirnames 2> /dev/null || COMPREPLY=($(compgen -d -- "$1"))
}

complete -F _cfcontra cfcontra
`;
}

/** Patterns of commands with options or places, by the kind that stands there. */
function cases(grammar: readonly Grammar[]): string {
  const patterns = new Map<string, string[]>();
  const add = (kind: Kind, pattern: string) => {
    const name = typeof kind === "string" ? kind : kind.join(" ");
    patterns.set(name, [...(patterns.get(name) ?? []), `'${pattern}'`]);
  };
  for (const { path, options, places } of grammar) {
    for (const { flag, value } of options) if (value) add(value, `${path} ${flag}`);
    for (const [i, { kind, repeats }] of places.entries()) {
      add(kind, `${path} ${repeats ? "*" : i + 1}`);
    }
  }
  return [...patterns].map(([kind, all]) => `    ${all.join(" | ")}) kind='${kind}' ;;`).join("\n");
}
