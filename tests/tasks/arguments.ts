/** Command lines of the tasks. @module */

import { complain, say } from "./run.ts";

/** The words that a task takes. */
export interface Taken {
  /** Its options, which have no values, such as `--without-tests`. */
  readonly flags?: readonly string[];
  /** How many other words it takes at most, such as folders; 0 by default. */
  readonly operands?: number;
}

/** The words of a command line. */
export interface Words {
  readonly flags: ReadonlySet<string>;
  readonly operands: readonly string[];
}

/**
 * Reads a command line. `--help` and `-h` print the usage and end the program with status 0, whatever else is
 * there; what cannot be understood ends it with status 2. A task calls this before it does anything else.
 *
 * @param args The command line.
 * @param usage What is printed.
 * @param parse Makes of the command line what the task needs; what it throws says what is wrong.
 * @returns What `parse` returns.
 */
export function readArguments<Result>(
  args: readonly string[],
  usage: string,
  parse: (args: readonly string[]) => Result,
): Result {
  if (args.includes("--help") || args.includes("-h")) {
    say(usage);
    Deno.exit(0);
  }
  try {
    return parse(args);
  } catch (error) {
    return refuse((error as Error).message, usage);
  }
}

/** Prints what is wrong with a command line, and the usage, and ends the program with status 2. */
export function refuse(fault: string, usage: string): never {
  complain(`${fault}\n\n${usage}`);
  Deno.exit(2);
}

/** Reads options without values and other words; like {@linkcode readArguments}, it may end the program. */
export function readWords(args: readonly string[], usage: string, taken: Taken = {}): Words {
  return readArguments(args, usage, (args) => parseWords(args, taken));
}

/**
 * Reads options without values and other words.
 *
 * @throws {Error} When there is something else; the message names it.
 */
export function parseWords(
  args: readonly string[],
  { flags = [], operands = 0 }: Taken,
): Words {
  const [given, others] = [new Set<string>(), new Array<string>()];
  for (const arg of args) {
    if (flags.includes(arg)) given.add(arg);
    else if (!arg.startsWith("-") && others.length < operands) others.push(arg);
    else throw new Error(`Unknown argument: ${arg}`);
  }
  return { flags: given, operands: others };
}

/**
 * Reads options with numbers, such as `--minutes 3` or `--minutes=3`; like {@linkcode readArguments}, it may end
 * the program.
 *
 * @param args The command line.
 * @param usage What is printed.
 * @param defaults Every option with its default.
 * @returns Every option with its value.
 */
export function readOptions<Name extends string>(
  args: readonly string[],
  usage: string,
  defaults: Readonly<Record<Name, number>>,
): Record<Name, number> {
  return readArguments(args, usage, (args) => parseOptions(args, defaults));
}

/**
 * Reads options with numbers.
 *
 * @throws {Error} When there is something else; the message names it.
 */
export function parseOptions<Name extends string>(
  args: readonly string[],
  defaults: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const values: Record<string, number> = { ...defaults };
  const words = args.flatMap((arg) => arg.match(/^(--\w+)=(.*)$/)?.slice(1) ?? [arg]);
  for (let word; (word = words.shift()) !== undefined;) {
    const name = word.replace(/^--/, "");
    if (!word.startsWith("--") || !Object.hasOwn(defaults, name)) {
      throw new Error(`Unknown argument: ${word}`);
    }
    const value = words.shift();
    const number = Number(value);
    if (value === undefined || value === "" || !(number >= 0) || number === Infinity) {
      throw new Error(`Not a number for ${word}: ${value ?? "nothing"}`);
    }
    values[name] = number;
  }
  return values as Record<Name, number>;
}
