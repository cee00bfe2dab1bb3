/** What shells complete. @module */

import type { Command, Option } from "commander";
import { define, type Runner } from "../definition.ts";
import { FORMAT_NAMES } from "../known_formats.ts";
import { EXIT, UsageFault } from "../usage.ts";

/** Adds `completion`. */
export function addCompletion(program: Command, runner: Runner): void {
  define(program, runner, {
    usage: "completion <shell>",
    summary: "Print what bash, zsh or fish needs to complete commands and options.",
    examples: ["completion bash", "completion zsh", "completion fish"],
    run: async ({ args: [shell = ""], printer }) => {
      const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
      if (script === undefined) {
        throw new UsageFault(`there is no completion for "${shell}": bash, zsh, fish`);
      }
      const { RINGS } = await import("../known_rings.ts");
      await printer.line(script(program, { ...VALUES, "--ring": Object.keys(RINGS) }));
      return EXIT.done;
    },
  });
}

/** What may stand behind an option, by its name. */
type Values = Readonly<Record<string, readonly string[]>>;

const VALUES: Values = { "--format": FORMAT_NAMES, "--by": ["key", "prefix"] };

/** What the arguments of commands may be. */
const ARGUMENTS: Values = {
  stats: ["general", "items", "slabs", "settings", "conns"],
  meta: ["mg", "ms", "md", "ma", "me"],
  completion: ["bash", "zsh", "fish"],
};

/** These take the name of a file. */
const FILES: readonly (string | undefined)[] = ["--tls-ca", "--output"];

const SCRIPTS: Readonly<Record<string, (program: Command, values: Values) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

function flagsOf(options: readonly Option[]): string[] {
  return options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined));
}

function bashScript(program: Command, values: Values): string {
  const names = program.commands.map((command) => command.name());
  const everywhere = [...flagsOf(program.options), "--help"];
  const cases = program.commands.map((command) => {
    const words = [...ARGUMENTS[command.name()] ?? [], ...flagsOf(command.options)];
    return `    ${command.name()}) choices="${words.join(" ")}" ;;`;
  });
  const options = [program, ...program.commands].flatMap(({ options }) => options);
  const others = options.filter(({ required, long }) => required && !Object.hasOwn(values, long!));
  const behind = Object.entries(values).map(([name, words]) => {
    const list = words.join(" ");
    return `    ${name}) COMPREPLY=($(compgen -P "$prefix" -W "${list}" -- "$current")); return ;;`;
  });
  return `_moecache() {
  local i command="" choices="${names.join(" ")} help"
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" prefix=""
  COMPREPLY=()
  # In --option=value, "=" is a word of its own for bash, and part of the word for zsh.
  case "$current" in
    --*=*) before="\${current%%=*}" prefix="\${current%%=*}=" current="\${current#*=}" ;;
    =) current="" ;;
    *) [[ "$before" == "=" ]] && before="\${COMP_WORDS[COMP_CWORD-2]}" ;;
  esac
  case "$before" in
${behind.join("\n")}
    ${[...new Set(flagsOf(others))].join("|")}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${names.join("|")}) command="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  case "$command" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$choices ${everywhere.join(" ")}" -- "$current"))
}
complete -o default -F _moecache moecache`;
}

/** zsh has bash's completion, which needs its own. */
function zshScript(program: Command, values: Values): string {
  return `(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
autoload -U +X bashcompinit && bashcompinit
${bashScript(program, values)}`;
}

function fishScript(program: Command, values: Values): string {
  const quoted = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;
  const valueOf = ({ long, required }: Option) => {
    const words = Object.hasOwn(values, long ?? "") ? values[long ?? ""] : undefined;
    if (words !== undefined) return ` -x -a ${quoted(words.join(" "))}`;
    if (FILES.includes(long)) return " -r -F";
    return required ? " -x" : "";
  };
  const option = (each: Option) =>
    [
      each.short === undefined ? "" : ` -s ${each.short.slice(1)}`,
      each.long === undefined ? "" : ` -l ${each.long.slice(2)}`,
      valueOf(each),
      ` -d ${quoted(each.description)}`,
    ].join("");
  const valued = flagsOf(program.options.filter(({ required }) => required));
  const unseen = "complete -c moecache -n 'not __moecache_command >/dev/null' -f";
  const seenOf = (name: string) =>
    `complete -c moecache -n 'contains ${name} (__moecache_command)'`;
  const names = program.commands.map((command) => command.name());
  return [
    fishCommand(valued),
    ...program.options.map((each) => `complete -c moecache${option(each)}`),
    `${unseen} -a help -d 'show the help of a command'`,
    `${seenOf("help")} -f -a ${quoted(names.join(" "))}`,
    ...program.commands.flatMap((command) => {
      const seen = seenOf(command.name());
      const words = ARGUMENTS[command.name()];
      return [
        `${unseen} -a ${command.name()} -d ${quoted(command.description())}`,
        ...words === undefined ? [] : [`${seen} -f -a ${quoted(words.join(" "))}`],
        ...command.options.map((each) => `${seen}${option(each)}`),
      ];
    }),
  ].join("\n");
}

/** The command of a line: fish's own function would take the value of an option before it for the command. */
function fishCommand(valued: readonly string[]): string {
  return `function __moecache_command
  set -l is_value 0
  for word in (commandline -opc)[2..-1]
    if test $is_value = 1
      set is_value 0
    else if contains -- $word ${valued.join(" ")}
      set is_value 1
    else if not string match -q -- '-*' $word
      echo $word
      return
    end
  end
  return 1
end`;
}
