/** Runs a workload: all contenders warmed up, then round after round of A B C, A B C. @module */

import { type Contender, contendersIn, type Lineup } from "./contenders.ts";
import { type Measured, type Result, summarize } from "./results.ts";
import { WorkerProcess } from "./worker_process.ts";
import type { Job, Sample, Workload } from "./workloads.ts";

/** How thorough a run is. */
export interface Mode {
  readonly rounds: number;
  /** Milliseconds that a round takes. */
  readonly roundTime: number;
  /** How much of a prescribed number of operations is carried out. */
  readonly portion: number;
  /** Milliseconds after which no client that owes an answer is waited for. */
  readonly patience: number;
  /** Milliseconds that all workloads may take together; rounds are left out to keep to it. */
  readonly budget: number;
}

/** So few rounds are carried out even where time has run out. */
const FEWEST_ROUNDS = 3;

/**
 * Several minutes. Rounds are many rather than long: a round trip takes two or three times as long
 * where the scheduler happens to put client and server, and stays so for a while.
 */
export const FULL: Mode = {
  rounds: 11,
  roundTime: 120,
  portion: 1,
  patience: 120_000,
  budget: Infinity,
};

/** A minute at most. */
export const SHORT: Mode = {
  rounds: 5,
  roundTime: 25,
  portion: 0.04,
  patience: 20_000,
  budget: 45_000,
};

/** What every workload is run with. */
export interface Setting {
  readonly mode: Mode;
  readonly lineup: Lineup;
  /** When the workload's time is up, as `performance.now()` counts. */
  readonly end: number;
  readonly servers: readonly string[];
  /** Environment variables for the contenders' processes. */
  readonly env: Record<string, string>;
}

/** A contender at work. */
interface Entry extends Measured {
  readonly job: Job;
  readonly worker: WorkerProcess;
  readonly samples: Sample[];
}

/** Measures all contenders at a workload. One that breaks down, or lies, is left out and named. */
export async function runWorkload(workload: Workload, setting: Setting): Promise<Result> {
  const { mode, lineup } = setting;
  const scaled = scale(workload, mode.portion);
  const failures: string[] = [];

  async function attempt<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failures.push(error.message);
      return undefined;
    }
  }

  await using workers = new AsyncDisposableStack();
  const started = await Promise.all(
    contendersIn(workload, lineup).map((contender, slot) =>
      attempt(async (): Promise<Entry> => {
        const job = makeJob(contender, scaled, slot, setting);
        const worker = workers.use(startWorker(contender, job, setting));
        return { contender, job, worker, note: await worker.ready(), samples: [] };
      })
    ),
  );
  let entries: Entry[] = [];
  for (const entry of started) {
    if (entry === undefined) continue;
    if (await attempt(() => entry.worker.warm()) !== undefined) entries.push(entry);
  }
  // A million operations are many rounds in one.
  const rounds = workload.action === "memory" ? 1 : mode.rounds;
  for (let round = 0; round < rounds; round++) {
    if (round >= FEWEST_ROUNDS && performance.now() > setting.end) break;
    for (const entry of entries) {
      const sample = await attempt(() => measure(entry, setting));
      if (sample === undefined) entries = entries.filter((other) => other !== entry);
      else entry.samples.push(sample);
    }
  }
  return summarize(scaled, { measured: entries, runtimes: lineup.moecache, failures });
}

/**
 * A round. A start is measured in a process that has just begun, and so is memory: while the others
 * carry out their million operations, a client that waits would lose its idle connection.
 */
async function measure({ contender, job, worker }: Entry, setting: Setting): Promise<Sample> {
  const { action } = job.workload;
  if (action !== "start" && action !== "memory") return await worker.measure();
  await using starting = startWorker(contender, job, setting);
  await starting.ready();
  return await starting.measure();
}

function startWorker(contender: Contender, job: Job, { env, mode }: Setting): WorkerProcess {
  return new WorkerProcess(contender, job, { env, patience: mode.patience });
}

function makeJob(
  { module, options, floor }: Contender,
  workload: Workload,
  slot: number,
  { mode, servers }: Setting,
): Job {
  return {
    workload,
    module,
    ...(options === undefined ? {} : { options }),
    ...(floor === undefined ? {} : { floor }),
    // More servers than are running are only constructed.
    servers: servers.slice(0, workload.servers),
    slot,
    roundTime: mode.roundTime,
  };
}

function scale(workload: Workload, portion: number): Workload {
  if (workload.operations === undefined) return workload;
  const operations = workload.operations * portion;
  const inFull = workload.operations.toLocaleString("en");
  const title = workload.title.replace(inFull, operations.toLocaleString("en"));
  return { ...workload, title, operations };
}
