/** What the command line asks for. @module */

import type { Runtime } from "./workloads.ts";
import { WORKLOADS } from "./workloads.ts";

/** What is to be measured, and how. */
export interface Request {
  readonly isShort: boolean;
  readonly isStrict: boolean;
  /** Whether chosen workloads take the place of their last figures. */
  readonly isUpdate: boolean;
  /** How many minutes the run should take; left to the mode unless set. */
  readonly minutes?: number;
  /** What moecache is to run on; by default the mode says it. */
  readonly on?: readonly Runtime[];
  /** Which workloads, {@linkcode COLD} among them; all of them if empty. */
  readonly names: readonly string[];
}

/** The name of what is measured in processes that have only begun. */
export const COLD = "cold";
const COLD_TITLE = "cold start beside memjs, also with a timeout, and without pickles";

const TITLES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(WORKLOADS.map(({ name, title }) => [name, title])),
  [COLD]: COLD_TITLE,
};

/** Says how the command is used. */
export const USAGE: string = `Usage: deno task bench [--short] [--minutes N] [--strict] [--update]
         [--on runtime,...] [workload...]

Compares moecache with other clients, and with what the machine can do, on
memcached servers of its own. A run of all workloads writes
bench/results/latest.json and draws docs/bench-*.svg; others write
bench/results/part.json, or with --update put their figures into latest.json in
place of the old ones. deno task charts only draws.

  --short    end within a minute; the figures are rougher, and rivals run on
             Node alone
  --minutes  about how many minutes the run takes; fewer make rougher figures.
             The default is about 30
  --strict   exit with status 1 when a target is missed
  --on       what moecache runs on: deno, bun, node; the default is all that are
             installed, and deno alone with --short
  --update   put the figures of the workloads that are named into latest.json,
             each with its date and machine
  --help     this text

Workloads; the default is all of them:
${Object.entries(TITLES).map(([name, title]) => `  ${name.padEnd(11)} ${title}`).join("\n")}
`;

const FLAGS: readonly string[] = ["--short", "--strict", "--update"];
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
  let minutes: number | undefined;
  const rest = args.flatMap((arg) => arg.match(/^(--\w+)=(.*)$/)?.slice(1) ?? [arg]);
  for (let arg; (arg = rest.shift()) !== undefined;) {
    if (FLAGS.includes(arg)) options.add(arg);
    else if (arg === "--on") on = readRuntimes(rest.shift());
    else if (arg === "--minutes") minutes = readMinutes(rest.shift());
    else if (arg in TITLES) names.push(arg);
    else throw new Error(`Cannot run "${arg}": it is neither an option nor a workload`);
  }
  return {
    isShort: options.has("--short"),
    isStrict: options.has("--strict"),
    isUpdate: options.has("--update"),
    ...(minutes === undefined ? {} : { minutes }),
    ...(on === undefined ? {} : { on }),
    names,
  };
}

function readMinutes(word: string | undefined): number {
  const minutes = Number(word);
  if (word !== undefined && word !== "" && minutes > 0 && minutes < Infinity) return minutes;
  throw new Error(`Cannot run for "${word ?? ""}" minutes: it is not a positive number`);
}

function readRuntimes(list: string | undefined): Runtime[] {
  const runtimes = list?.split(",") ?? [];
  if (runtimes.length > 0 && runtimes.every((name) => RUNTIMES.includes(name))) {
    return [...new Set(runtimes)] as Runtime[];
  }
  throw new Error(`Cannot run on "${list ?? ""}": name some of ${RUNTIMES.join(", ")}`);
}
