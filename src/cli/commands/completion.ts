/** What shells complete. @module */

import type { Command, Option } from "commander";
import { define, type Runner } from "../definition.ts";
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
      await printer.line(script(program));
      return EXIT.done;
    },
  });
}

const SCRIPTS: Readonly<Record<string, (program: Command) => string>> = {
  bash: bashScript,
  zsh: (program) => `autoload -U +X bashcompinit && bashcompinit\n${bashScript(program)}`,
  fish: fishScript,
};

function flagsOf(options: readonly Option[]): string[] {
  return options.flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined));
}

function bashScript(program: Command): string {
  const names = program.commands.map((command) => command.name());
  const everywhere = [...flagsOf(program.options), "--help"];
  const cases = program.commands.map((command) =>
    `    ${command.name()}) words="${flagsOf(command.options).join(" ")}" ;;`
  );
  return `_moecache() {
  local word command="" words="${names.join(" ")} help"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
      ${names.join("|")}) command="$word"; break ;;
    esac
  done
  case "$command" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words ${everywhere.join(" ")}" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _moecache moecache`;
}

function fishScript(program: Command): string {
  const quoted = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;
  const option = ({ short, long, description }: Option) =>
    [
      short === undefined ? "" : ` -s ${short.slice(1)}`,
      long === undefined ? "" : ` -l ${long.slice(2)}`,
      ` -d ${quoted(description)}`,
    ].join("");
  return [
    ...program.options.map((each) => `complete -c moecache${option(each)}`),
    ...program.commands.flatMap((command) => [
      `complete -c moecache -n __fish_use_subcommand -f -a ${command.name()} ` +
      `-d ${quoted(command.description())}`,
      ...command.options.map((each) =>
        `complete -c moecache -n '__fish_seen_subcommand_from ${command.name()}'${option(each)}`
      ),
    ]),
  ].join("\n");
}
