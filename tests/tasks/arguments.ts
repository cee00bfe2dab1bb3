/** Command lines of the long tasks. @module */

import { say } from "./run.ts";

/**
 * Reads options with numbers, such as `--minutes 3` or `--minutes=3`. `--help` prints the usage and ends the
 * program; what cannot be understood ends it with status 2.
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
  if (args.includes("--help") || args.includes("-h")) {
    say(usage);
    Deno.exit(0);
  }
  try {
    return parseOptions(args, defaults);
  } catch (error) {
    say(`${(error as Error).message}\n\n${usage}`);
    return Deno.exit(2);
  }
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
