/**
 * `deno task bench`: moecache beside other clients and beside a raw socket, in one run, against
 * memcached servers that it starts itself.
 *
 * Each client runs in processes of its own. A workload's rounds are interleaved, and what counts is
 * the median. moecache and its rivals run on Deno, Bun and Node, and the table has a column for each.
 * The figures go to the screen and to `bench/results/latest.json`; those of chosen rows to `part.json`.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { MemcachedProcess } from "../tests/support/memcached.ts";
import { installLocked } from "../tests/package/npm_folder.ts";
import { Progress } from "../tests/tasks/progress.ts";
import { readArguments } from "../tests/tasks/arguments.ts";
import { jsrEnvironment } from "../tests/tasks/environment.ts";
import { type ColdStart, isReached, measureColdStarts, renderColdStarts } from "./cold_start.ts";
import { absenteesFrom, type Lineup } from "./contenders.ts";
import { writeCharts } from "./draw_charts.ts";
import { describeMachine, isInstalled, type Machine } from "./machine.ts";
import { prepareNatives } from "./native/prepare.ts";
import { prepareOwnModules } from "./own_modules.ts";
import { renderResult } from "./report.ts";
import { COLD, readRequest, type Request, USAGE } from "./request.ts";
import type { Result } from "./results.ts";
import { FULL, type Mode, modeFor, runWorkload, type Setting, SHORT } from "./rounds.ts";
import { type Runtime, type Workload, WORKLOADS } from "./workloads.ts";

const SERVERS = 4;
const SERVER_ARGS = [
  ...["-t", "2"],
  ...["-m", "256"],
  // A pickled or otherwise escaped megabyte is larger than memcached's default limit.
  ...["-I", "4m"],
];
const RESULTS = new URL("results/", import.meta.url);
const RIVALS = new URL("rivals/", import.meta.url);

const request = readArguments(Deno.args, USAGE, readRequest);
const { results, coldStarts } = await compare(request);
const isMissed = !coldStarts.every(isReached) ||
  results.some(({ verdicts }) => verdicts.some(({ reached }) => !reached));
const hasFailed = results.some(({ failures }) => failures.length > 0);
Deno.exit(hasFailed || (request.isStrict && isMissed) ? 1 : 0);

async function compare(
  request: Request,
): Promise<{ results: Result[]; coldStarts: ColdStart[] }> {
  const started = new Date();
  const { minutes } = request;
  const mode = request.isShort ? SHORT : minutes === undefined ? FULL : modeFor(minutes);
  await installLocked(RIVALS);
  const folder = await Deno.makeTempDir({ prefix: "moecache_bench_" });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));
  const env = await jsrEnvironment();
  const lineup = await lineUp(request, folder, env);
  const machine = await describeMachine(
    [...new Set([...lineup.moecache, ...lineup.rivals])],
    lineup.natives,
  );
  say(renderMachine(machine));
  say(`moecache on ${lineup.moecache.join(", ")}; its rivals on ${lineup.rivals.join(", ")}`);
  const rounds = `${mode.rounds} rounds of about ${mode.roundTime} ms`;
  say(`${mode.sittings} x ${rounds}, medians; ${started.toISOString()}\n`);

  const coldStarts = await startCold(request, { mode, lineup, env });
  // A run that is ended early keeps what it has measured.
  const onResult = async (result: Result) => {
    if (request.isUpdate) await updateResults({ started, machine, results: [result] });
  };
  const results = await runAll(request.names, { mode, lineup, env, onResult });
  const seconds = Math.round((Date.now() - started.getTime()) / 1000);
  const outcome = { started, seconds, mode, machine, coldStarts, results };
  if (request.isUpdate) await updateResults({ started, machine, coldStarts });
  else await writeResults(request.names.length === 0 ? "latest.json" : "part.json", outcome);
  if (request.isUpdate || request.names.length === 0) {
    for (const path of await writeCharts()) say(path);
  }
  return { results, coldStarts };
}

/** Finds who runs where: in short, moecache on Deno alone and its rivals at home. */
async function lineUp(
  { isShort, on }: Request,
  folder: string,
  env: Record<string, string>,
): Promise<Lineup> {
  const installed: Runtime[] = [];
  for (const runtime of ["deno", "bun", "node"] as const) {
    if (await isInstalled(runtime)) installed.push(runtime);
    else if (on?.includes(runtime)) {
      throw new Error(`Cannot run on ${runtime}: it is not installed`);
    }
  }
  const moecache = on ?? (isShort ? ["deno"] : installed);
  const home = installed.includes("node") ? "node" : "deno";
  const rivals: Runtime[] = isShort
    ? moecache.map((runtime) => runtime === "deno" ? home : runtime)
    : [...moecache, "deno", home];
  return {
    moecache,
    rivals: [...new Set(rivals)],
    home,
    natives: await prepareNatives(folder),
    moduleFor: await prepareOwnModules(moecache, folder, env),
  };
}

async function startCold(
  { names }: Request,
  { mode, lineup, env }: Pick<Setting, "mode" | "lineup" | "env">,
): Promise<ColdStart[]> {
  if (names.length > 0 && !names.includes(COLD)) return [];
  const options = { runtimes: lineup.moecache, rounds: mode.coldStarts, env };
  const starts = await measureColdStarts(options);
  say(`${renderColdStarts(starts)}\n`);
  return starts;
}

async function runAll(
  names: readonly string[],
  { onResult, ...setting }: Pick<Setting, "mode" | "lineup" | "env"> & {
    readonly onResult: (result: Result) => Promise<void>;
  },
): Promise<Result[]> {
  const chosen = WORKLOADS.filter(({ name }) => names.length === 0 || names.includes(name));
  const end = performance.now() + setting.mode.budget;
  const results: Result[] = [];
  using progress = new Progress("bench");
  for (const [at, workload] of chosen.entries()) {
    const now = performance.now();
    const share = Math.max(0, end - now) / (chosen.length - at);
    const onStep = (part: number) => {
      const text = `${workload.name}, ${at + 1} of ${chosen.length} workloads`;
      progress.update({ part: (at + part) / chosen.length, text });
    };
    const result = await runAlone(workload, { ...setting, end: now + share, onStep });
    const absentees = absenteesFrom(workload, setting.lineup.natives);
    progress.print(`${renderResult(result, absentees)}\n`);
    results.push(result);
    await onResult(result);
  }
  return results;
}

/** Runs a workload on servers of its own, so that it does not meet what another has left behind. */
async function runAlone(
  workload: Workload,
  setting: Omit<Setting, "servers">,
): Promise<Result> {
  await using memcacheds = new AsyncDisposableStack();
  const servers: string[] = [];
  for (let i = 0; i < Math.min(workload.servers, SERVERS); i++) {
    servers.push(memcacheds.use(await MemcachedProcess.start(SERVER_ARGS)).address);
  }
  return await runWorkload(workload, { ...setting, servers });
}

/** What came of a run. */
interface Outcome {
  readonly started: Date;
  readonly seconds: number;
  readonly mode: Mode;
  readonly machine: Machine;
  readonly coldStarts: readonly ColdStart[];
  readonly results: readonly Result[];
}

/** Puts figures into those of the last whole run, with a note of when and on what they were measured. */
async function updateResults(
  { started, machine, results = [], coldStarts = [] }:
    & Pick<Outcome, "started" | "machine">
    & Partial<Outcome>,
): Promise<void> {
  const file = new URL("latest.json", RESULTS);
  const last = JSON.parse(await Deno.readTextFile(file));
  const merged = new Map<string, Result>(
    last.results.map((result: Result) => [result.workload.name, result]),
  );
  for (const result of results) {
    merged.set(result.workload.name, { ...result, started: started.toISOString(), machine });
  }
  const order = WORKLOADS.map(({ name }) => name);
  const sorted = [...merged.values()]
    .toSorted((a, b) => order.indexOf(a.workload.name) - order.indexOf(b.workload.name));
  const updated = { ...last, ...(coldStarts.length > 0 ? { coldStarts } : {}), results: sorted };
  await Deno.writeTextFile(file, `${JSON.stringify(updated, null, 2)}\n`);
}

/** Only a whole run takes the place of the last one. */
async function writeResults(name: "latest.json" | "part.json", outcome: Outcome): Promise<void> {
  await Deno.mkdir(RESULTS, { recursive: true });
  const file = new URL(name, RESULTS);
  await Deno.writeTextFile(file, `${JSON.stringify(outcome, null, 2)}\n`);
  say(`${outcome.seconds} seconds; the figures are in ${fileURLToPath(file)}`);
}

function renderMachine({ processor, processors, memory, system, versions }: Machine): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");
  return `${processors} x ${processor}, ${memory}, ${system}\n${list}`;
}

function say(text: string): void {
  // deno-lint-ignore no-console
  console.log(text);
}
