/**
 * `deno task bench`: moecache beside other clients and beside a raw socket, in one run, against
 * memcached servers that it starts itself.
 *
 * Each client runs in a process of its own. A workload's rounds are interleaved, and what counts is
 * the median. A rival runs on Deno and on Node; the table has the faster. The figures go to the
 * screen and to `bench/results/latest.json`, or to `partial.json` beside it after a short run or one of
 * a few workloads, so that the published figures all come from one run.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { bundle } from "../tests/runtimes/bundle.ts";
import { MemcachedProcess } from "../tests/memcached.ts";
import { jsrEnvironment } from "../tests/tasks/environment.ts";
import { absenteesFrom, moduleOf, type Runtime } from "./contenders.ts";
import { describeMachine, hasNode, type Machine } from "./machine.ts";
import { renderResult } from "./report.ts";
import type { Result } from "./results.ts";
import { installRivals } from "./rivals.ts";
import { FULL, runWorkload, SHORT } from "./rounds.ts";
import { WORKLOADS } from "./workloads.ts";

/** What the command line asks for. */
interface Request {
  readonly isShort: boolean;
  readonly isStrict: boolean;
  /** What moecache and its rivals run on, if not moecache on Deno and they where they are faster. */
  readonly runtime: Runtime | undefined;
  readonly names: readonly string[];
}

const USAGE = `Usage: deno task bench [--short] [--strict] [--node | --bun] [workload...]

  --short   end within a minute; the figures are rougher
  --strict  exit with status 1 when a target is missed
  --node    run moecache and the rivals on Node alone
  --bun     run moecache and the rivals on Bun alone

Workloads, all of them unless named:
${WORKLOADS.map(({ name, title }) => `  ${name.padEnd(10)} ${title}`).join("\n")}
`;

const OPTIONS = ["--short", "--strict", "--node", "--bun"];
const SERVERS = 4;
const SERVER_ARGS = [
  ...["-t", "2"],
  ...["-m", "256"],
  // A pickled or otherwise escaped megabyte is larger than memcached's default limit.
  ...["-I", "4m"],
];
const RESULTS = new URL("results/", import.meta.url);

const request = readArguments(Deno.args);
if (request === undefined) {
  say(USAGE);
  Deno.exit(2);
}
const results = await compare(request);
const missed = results.flatMap(({ verdicts }) => verdicts).filter(({ reached }) => !reached);
// A rival's failure is in the table, and is the rival's.
Deno.exit(request.isStrict && missed.length > 0 ? 1 : 0);

function readArguments(args: readonly string[]): Request | undefined {
  const names = args.filter((arg) => !OPTIONS.includes(arg));
  const isKnown = (name: string) => WORKLOADS.some((workload) => workload.name === name);
  const unknown = names.find((name) => !isKnown(name));
  if (unknown !== undefined) {
    say(`Cannot run "${unknown}": there is no such workload or option\n`);
    return undefined;
  }
  const runtime = (["node", "bun"] as const).find((name) => args.includes(`--${name}`));
  return {
    isShort: args.includes("--short"),
    isStrict: args.includes("--strict"),
    runtime,
    names,
  };
}

async function compare({ isShort, names, runtime }: Request): Promise<Result[]> {
  const started = new Date();
  const mode = isShort ? SHORT : FULL;
  await installRivals(say);
  const runtimes = await chooseRuntimes(runtime);
  const own = runtime ?? "deno";
  if (own !== "deno") await bundleClients(own);
  const env = await jsrEnvironment();
  const machine = await describeMachine(runtimes);
  say(renderMachine(machine));
  say(
    `${mode.rounds} rounds of about ${mode.roundTime} ms after a warm-up of ${mode.warmTime} ms, medians; ${started.toISOString()}\n`,
  );

  const results: Result[] = [];
  for (const workload of WORKLOADS) {
    if (names.length > 0 && !names.includes(workload.name)) continue;
    // New ones each time, so that no workload meets what another has left behind.
    await using memcacheds = new AsyncDisposableStack();
    const servers: string[] = [];
    for (let i = 0; i < SERVERS; i++) {
      servers.push(memcacheds.use(await MemcachedProcess.start(SERVER_ARGS)).address);
    }
    const result = await runWorkload(workload, { mode, runtimes, own, servers, env });
    say(`${renderResult(result, absenteesFrom(workload))}\n`);
    results.push(result);
  }
  const seconds = Math.round((Date.now() - started.getTime()) / 1000);
  const name = isShort || names.length > 0 ? "partial.json" : `${runtime ?? "latest"}.json`;
  await writeResults(name, { started, seconds, mode, machine, results });
  return results;
}

async function chooseRuntimes(runtime: Runtime | undefined): Promise<Runtime[]> {
  if (runtime !== undefined) return [runtime];
  return await hasNode() ? ["deno", "node"] : ["deno"];
}

async function bundleClients(runtime: Runtime): Promise<void> {
  for (const client of ["moecache", "moecache_bytes"]) {
    await bundle(moduleOf(client, "deno"), fileURLToPath(moduleOf(client, runtime)));
  }
}

async function writeResults(name: string, outcome: Record<string, unknown>): Promise<void> {
  await Deno.mkdir(RESULTS, { recursive: true });
  const file = new URL(name, RESULTS);
  await Deno.writeTextFile(file, `${JSON.stringify(outcome, null, 2)}\n`);
  say(`${outcome.seconds} seconds; the figures are in bench/results/${name}`);
}

function renderMachine({ processor, processors, memory, system, versions }: Machine): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
  return `${processors} x ${processor}, ${memory}, ${system}\n${list}`;
}

function say(text: string): void {
  // deno-lint-ignore no-console
  console.log(text);
}
