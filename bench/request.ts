/** What the command line asks for. @module */

import type { Runtime } from "./workloads.ts";
import { WORKLOADS } from "./workloads.ts";

/** What is to be measured, and how. */
export interface Request {
  readonly isShort: boolean;
  readonly isStrict: boolean;
  /** What moecache is to run on; left to the mode unless given. */
  readonly on?: readonly Runtime[];
  /** Which workloads, {@linkcode COLD} among them; all of them if empty. */
  readonly names: readonly string[];
}

/** The name of what is measured in processes that have only begun. */
export const COLD = "cold";
const COLD_TITLE = "cold start beside memjs, with and without a timeout, and without pickles";

const TITLES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(WORKLOADS.map(({ name, title }) => [name, title])),
  [COLD]: COLD_TITLE,
};

/** Says how the command is used. */
export const USAGE: string =
  `Usage: deno task bench [--short] [--strict] [--on runtime,...] [workload...]

  --short   end within a minute; the figures are rougher, and rivals run on Node alone
  --strict  exit with status 1 when a target is missed
  --on      what moecache runs on: deno, bun, node; all that are installed unless given, and deno
            alone with --short

Workloads, all of them unless named:
${Object.entries(TITLES).map(([name, title]) => `  ${name.padEnd(10)} ${title}`).join("\n")}
`;

const RUNTIMES: readonly string[] = ["deno", "bun", "node"] satisfies Runtime[];

/**
 * Reads the command line.
 *
 * @throws {Error} When it has what cannot be understood, with a message that names it.
 */
export function readRequest(args: readonly string[]): Request {
  const names: string[] = [];
  const options = new Set<string>();
  let on: Runtime[] | undefined;
  const rest = [...args];
  for (let arg; (arg = rest.shift()) !== undefined;) {
    if (arg === "--short" || arg === "--strict") options.add(arg);
    else if (arg === "--on") on = readRuntimes(rest.shift());
    else if (arg in TITLES) names.push(arg);
    else throw new Error(`Cannot run "${arg}": it is neither an option nor a workload`);
  }
  return {
    isShort: options.has("--short"),
    isStrict: options.has("--strict"),
    ...(on === undefined ? {} : { on }),
    names,
  };
}

function readRuntimes(list: string | undefined): Runtime[] {
  const runtimes = list?.split(",") ?? [];
  if (runtimes.length > 0 && runtimes.every((name) => RUNTIMES.includes(name))) {
    return [...new Set(runtimes)] as Runtime[];
  }
  throw new Error(`Cannot run on "${list ?? ""}": name some of ${RUNTIMES.join(", ")}`);
}
