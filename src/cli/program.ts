/** The program: its options, its commands, and its exit code. @module */

import { ClientException, SocketError, ValidationException } from "../../mod.ts";
import { Command, CommanderError } from "commander";
import { COMMAND_MODULES, modulesFor } from "./command_modules.ts";
import { FORMAT_NAMES } from "./known_formats.ts";
import { say, withoutCredentials } from "./messages.ts";
import { printable } from "./shown_text.ts";
import { codeOfSignal, INTERRUPTED, OUTPUT_CLOSED, type Terminal } from "./terminal.ts";
import { EXIT, messageOf, UsageFault } from "./usage.ts";
import { VERSION } from "./version.ts";

const EXIT_CODES =
  "Exit codes: 0 found or done, 1 a miss or nothing to show, 2 the command line is wrong, 3 a " +
  "server refuses or cannot be reached; 130 ended by Ctrl-C before all was done, 143 by SIGTERM, " +
  "129 by SIGHUP.";

/**
 * Runs a command line.
 *
 * @param args The arguments, without the runtime and the program.
 * @returns The exit code.
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT.done;
  const output: string[] = [];
  const program = await programFor(terminal, (ended) => code = ended, output, modulesFor(args));
  try {
    await program.parseAsync(withoutVainHelp(args, program), { from: "user" });
  } catch (error) {
    code = failed(error, terminal);
  }
  try {
    for (const text of output) await terminal.write(text);
  } catch (error) {
    code = failed(error, terminal);
  }
  return code === INTERRUPTED ? interruptedCode(terminal.interrupted.reason) : code;
}

/** For `help NAME`, where no command has that name, Commander prints all of its help. For `NAME` alone, it says so. */
function withoutVainHelp(args: readonly string[], { commands }: Command): readonly string[] {
  const [first, name = ""] = args;
  const isVain = first === "help" && /^\w/.test(name) &&
    !commands.some((one) => one.name() === name);
  return isVain ? args.slice(1) : args;
}

/** The exit code of a command that did not come to its end. */
function interruptedCode(reason: unknown): number {
  // `moecache keys | head` has done what was asked for.
  if (reason === OUTPUT_CLOSED) return EXIT.done;
  return codeOfSignal(reason);
}

/**
 * Makes the program.
 *
 * @param modules Those of its commands; all by default.
 */
export async function programFor(
  terminal: Terminal,
  ended: (code: number) => void,
  output: string[],
  modules: typeof COMMAND_MODULES = COMMAND_MODULES,
): Promise<Command> {
  const program = new Command("moecache")
    .description("Shows what memcached holds, and changes it.")
    .version(VERSION, "-V, --version", "print the version of moecache")
    .option(
      "-s, --servers <list>",
      "host:port,… or memcached(s):// URLs [$MEMCACHED_SERVERS]",
      oneList,
    )
    .option("--discover <source>", "elasticache:HOST:PORT or dns:NAME[:PORT]")
    .option("--ring <name>", "which client's distribution of keys (see below)", collect)
    .option("--format <name>", "which client's format of values (see below)")
    .option("--tls-ca <file>", "use TLS, and trust the authorities in this PEM file")
    .option("--timeout <duration>", "how long a server may take for an operation (5s)")
    .option("--json", "a line of JSON for each record")
    .option("--csv", "CSV, with a header line")
    .option("--no-color", "no colors; also with $NO_COLOR")
    .showSuggestionAfterError()
    .commandsGroup("Help:")
    .helpCommand("help [command]", "show the help of a command")
    .exitOverride()
    .configureHelp({ subcommandTerm: termOf })
    .configureOutput({
      writeOut: (text) => void output.push(text),
      writeErr: (text) => terminal.warn(text),
      outputError: (text, write) => write(inOneLine(text)),
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  const runner = { terminal, ended };
  const adding = modules.map(async ({ group, load }) => ({ group, add: await load() }));
  for (const { group, add } of await Promise.all(adding)) {
    program.commandsGroup(`${group}:`);
    add(program, runner);
  }
  // Its help is shown only with all commands.
  if (modules === COMMAND_MODULES) {
    const names = await namesForHelp();
    program.addHelpText("after", `\n${program.createHelp().boxWrap(names, terminal.columns)}`);
  }
  return program;
}

/** A command in the list of all. With "[options]", too few of 80 columns would be left for the summaries. */
function termOf(command: Command): string {
  return `${command.name()} ${command.usage().replace(/^\[options\] ?/, "")}`.trim();
}

async function namesForHelp(): Promise<string> {
  const { RINGS } = await import("./known_rings.ts");
  const rings = Object.keys(RINGS).join(", ");
  return `${EXIT_CODES}\n\nRings: ${rings}\nFormats: ${FORMAT_NAMES.join(", ")}`;
}

/**
 * An error that Commander finds in the command line, as all messages begin. It quotes what was typed; what is suggested
 * instead stands in the next line.
 */
function inOneLine(text: string): string {
  const [, error = text, hint = ""] =
    /^(?:error: )?([^]*?)(\n\(Did you mean .*\?\))?\n$/.exec(text) ?? [];
  return `moecache: ${withoutCredentials(printable(error))}${hint}\n`;
}

/** Several lists are one, unless one of them is empty: that is a fault of all. */
function oneList(list: string, before?: string): string {
  if (before === undefined) return list;
  return list.trim() === "" || before.trim() === "" ? "" : `${before},${list}`;
}

function collect(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name];
}

/** Says what failed, and which exit code that is. */
function failed(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) {
    // Commander has written its message; the help that was asked for is no fault.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  const isOwn = error instanceof UsageFault || error instanceof Error && isFileFault(error);
  if (terminal.interrupted.aborted && !isOwn) return INTERRUPTED;
  if (!(error instanceof Error)) throw error;
  say(terminal, messageOf(error));
  if (error instanceof UsageFault || error instanceof ValidationException) return EXIT.usage;
  if (error instanceof ClientException || error instanceof SocketError) return EXIT.server;
  if (isFileFault(error)) return EXIT.usage;
  throw error;
}

/** Whether a file that the command line names cannot be read or written. */
function isFileFault(error: Error & { readonly code?: unknown }): boolean {
  return typeof error.code === "string" && /^E(?!RR_)[A-Z_]+$/.test(error.code);
}
