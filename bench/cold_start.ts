/**
 * `deno task bench cold`: how long it takes a new process to import a client, to connect and to get an item,
 * beside memjs on the same runtime. Deno imports moecache's sources, Bun and Node the npm package.
 *
 * @module
 */

import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { MemcachedProcess } from "../tests/support/memcached.ts";
import { exec } from "../tests/package/exec.ts";
import { Installation, npmInstall } from "../tests/package/installation.ts";
import { Tarball } from "../tests/package/tarball.ts";
import { align } from "./report.ts";
import { median } from "./results.ts";
import type { Runtime } from "./workloads.ts";

/** What is started: memjs, or moecache in some way. */
export type Start = "memjs" | "Client" | "Client, timeout" | "BareClient, JSON, timeout";

/** How long a start takes on a runtime, and memjs' there. */
export interface ColdStart {
  readonly runtime: Runtime;
  readonly start: Start;
  /** The median of the processes, in milliseconds. */
  readonly milliseconds: number;
  /** The median of what their main threads were running of that; it says more where others are running, too. */
  readonly busy: number;
  /** How many times as long as memjs' each of the two is. */
  readonly ratio: number;
  readonly busyRatio: number;
  /** How many times as long it may be; absent for memjs. */
  readonly most?: number;
}

/** How {@linkcode measureColdStarts} goes about it. */
export interface ColdStartOptions {
  readonly runtimes: readonly Runtime[];
  /** How many processes there are of each kind, one of each kind after another. */
  readonly rounds: number;
  /** Environment variables for the processes. */
  readonly env: Record<string, string>;
}

/** What a process says of itself, in milliseconds. */
type Sample = Pick<ColdStart, "milliseconds" | "busy">;

/** A process to start, but for the arguments that all of them have. */
interface Case {
  readonly runtime: Runtime;
  readonly start: Start;
  readonly command: readonly string[];
  /** The folder that it runs in. */
  readonly cwd: string;
  readonly samples: Sample[];
}

/** How many times as long as memjs' a start may be. */
const MOST: Readonly<Record<Runtime, Readonly<Partial<Record<Start, number>>>>> = {
  deno: { "Client": 1.3, "Client, timeout": 1.5, "BareClient, JSON, timeout": 1.2 },
  bun: { "Client": 1.5, "Client, timeout": 1.5, "BareClient, JSON, timeout": 1.5 },
  node: { "Client": 1.5, "Client, timeout": 1.5, "BareClient, JSON, timeout": 1.5 },
};
const STARTS = ["memjs", ...Object.keys(MOST.deno)] as readonly Start[];

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const PROGRAM = fileURLToPath(new URL("start_program.mjs", import.meta.url));
const RIVALS = fileURLToPath(new URL("rivals/node_modules/", import.meta.url));
const DENO = [Deno.execPath(), "run", "--allow-all", "--quiet"];

/** Measures every way to start on every runtime; the rivals have to be installed. */
export async function measureColdStarts(options: ColdStartOptions): Promise<ColdStart[]> {
  const { runtimes, rounds, env } = options;
  await using memcached = await MemcachedProcess.start();
  await using tarball = await Tarball.make(env);
  await using installation = await Installation.make(tarball.path, npmInstall);
  const { folder } = installation;
  await cp(RIVALS, `${folder}/node_modules`, { recursive: true });
  await cp(PROGRAM, `${folder}/start.mjs`);
  const cases = runtimes.flatMap((runtime) =>
    STARTS.map((start): Case => ({ runtime, start, ...place(runtime, start, folder), samples: [] }))
  );

  async function run(
    { command: [program = "", ...args], cwd }: Case,
    action: "get" | "set",
  ): Promise<Sample> {
    return JSON.parse(await exec(program, [...args, memcached.address, action], { cwd, env }));
  }
  // What a runtime compiles once for all processes is compiled by now.
  for (const one of cases) await run(one, "set");
  for (let round = 0; round < rounds; round++) {
    for (const one of cases) one.samples.push(await run(one, "get"));
  }
  return cases.map((one) => compare(one, cases));
}

/** On Deno moecache runs from its sources, and all else from where the packages are installed. */
function place(runtime: Runtime, start: Start, folder: string): Pick<Case, "command" | "cwd"> {
  if (runtime === "deno" && start !== "memjs") {
    return { command: [...DENO, PROGRAM, start, "../mod.ts"], cwd: ROOT };
  }
  const program = runtime === "deno" ? DENO : [runtime];
  const module = start === "memjs" ? "memjs" : "@moecache/moecache";
  return { command: [...program, "start.mjs", start, module], cwd: folder };
}

function compare({ runtime, start, samples }: Case, cases: readonly Case[]): ColdStart {
  const memjs = cases.find((one) => one.runtime === runtime && one.start === "memjs")!;
  const most = MOST[runtime][start];
  const { milliseconds, busy } = medians(samples);
  const there = medians(memjs.samples);
  return {
    ...{ runtime, start, milliseconds, busy },
    ...{ ratio: milliseconds / there.milliseconds, busyRatio: busy / there.busy },
    ...(most === undefined ? {} : { most }),
  };
}

function medians(samples: readonly Sample[]): Sample {
  return {
    milliseconds: median(samples.map(({ milliseconds }) => milliseconds)),
    busy: median(samples.map(({ busy }) => busy)),
  };
}

/** Whether a start takes no longer than it may. */
export function isReached({ ratio, most = Infinity }: ColdStart): boolean {
  return ratio <= most;
}

/** Renders the table: a line for each start on each runtime. */
export function renderColdStarts(starts: readonly ColdStart[]): string {
  const lines = starts.map((one) => [
    `${one.start} on ${one.runtime}`,
    one.milliseconds.toFixed(1),
    one.busy.toFixed(1),
    one.ratio.toFixed(2),
    one.busyRatio.toFixed(2),
    one.most === undefined ? "" : `${one.most}`,
    isReached(one) ? "" : "MISSED",
  ]);
  const head = [
    "cold start: import, connect, first get",
    "ms",
    "CPU ms",
    "to memjs",
    "CPU",
    "at most",
    "",
  ];
  return align([head, ...lines]).join("\n");
}
