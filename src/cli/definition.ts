/** How a command is described, and how it is run. @module */

import type { Command } from "commander";
import { Fleet, type FleetOptions } from "./fleet.ts";
import { Printer, type PrintOptions } from "./printer.ts";
import type { Terminal } from "./terminal.ts";
import { UsageFault } from "./usage.ts";

/** The options that every command has. */
export interface GlobalOptions extends FleetOptions, PrintOptions {}

/** A command: its arguments and options as commander writes them, its help, and what it does. */
export interface Definition<Options> {
  /** Its name and arguments: `get <keys...>`. */
  readonly usage: string;
  /** One line of help. */
  readonly summary: string;
  /** Its own options, and their help. */
  readonly options?: readonly (readonly [flags: string, help: string])[];
  /** Command lines, without the name of the program, for the help. A test runs them. */
  readonly examples: readonly string[];
  /** Does the work; resolves to the exit code. */
  run(job: Job<Options>): Promise<number>;
}

/** What a command works with. */
export interface Job<Options> {
  /** Its arguments, one after another. */
  readonly args: readonly string[];
  readonly options: Options & GlobalOptions;
  readonly printer: Printer;
  readonly terminal: Terminal;
  /** Opens the servers, once. */
  fleet(): Promise<Fleet>;
}

/** A command with arguments that are keys. */
const KEYS = /[<[]keys?\b/;

/** What runs commands. */
export interface Runner {
  readonly terminal: Terminal;
  /** Gets the exit code. */
  ended(code: number): void;
}

/** Adds a command to the program. */
export function define<Options = unknown>(
  program: Command,
  runner: Runner,
  definition: Definition<Options>,
): void {
  const { usage, summary, options = [], examples } = definition;
  const command = program.command(usage).description(summary);
  for (const [flags, help] of options) command.option(flags, help);
  const lines = examples.map((example) => `  moecache ${example}`);
  command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
  command.action(async () => {
    const { terminal } = runner;
    const options = command.optsWithGlobals() as Options & GlobalOptions;
    let opened: Promise<Fleet> | undefined;
    const printer = new Printer(terminal, options);
    const args = command.processedArgs.flat().filter((arg) => arg !== undefined).map(String);
    const job: Job<Options> = {
      args,
      options,
      terminal,
      printer,
      fleet: () => opened ??= Fleet.open(options, terminal, KEYS.test(usage) ? args : []),
    };
    if (options.json && options.csv) throw new UsageFault("--json and --csv exclude each other");
    try {
      runner.ended(await definition.run(job));
    } finally {
      await printer.flush();
      // What could not be opened is thrown above.
      await opened?.then((fleet) => fleet.close(), () => {});
    }
  });
}
