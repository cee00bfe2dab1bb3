/** Runs a workload: all contenders warmed up, then round after round of A B C, A B C. @module */

import { type Contender, contendersIn, type Runtime } from "./contenders.ts";
import { type Measured, type Result, summarize } from "./results.ts";
import { WorkerProcess } from "./worker_process.ts";
import type { Job, Sample, Workload } from "./workloads.ts";

/** How thorough a run is. */
export interface Mode {
  readonly rounds: number;
  /** Milliseconds that a round takes. */
  readonly roundTime: number;
  /** Milliseconds that a contender warms up for. */
  readonly warmTime: number;
  /** How much of a prescribed number of operations is carried out. */
  readonly portion: number;
  /** Whether of each rival only the way that was fastest in warming up goes into the rounds. */
  readonly fastestOnly: boolean;
}

/**
 * Several minutes. Rounds are many rather than long: a round trip takes two or three times as long
 * where the scheduler happens to put client and server, and stays so for a while. Everybody warms up
 * for a second: after a tenth of it V8 has not yet compiled what a sequential workload runs.
 */
export const FULL: Mode = {
  rounds: 11,
  roundTime: 120,
  warmTime: 1000,
  portion: 1,
  fastestOnly: false,
};

/** A minute at most. */
export const SHORT: Mode = {
  rounds: 7,
  roundTime: 25,
  warmTime: 50,
  portion: 0.04,
  fastestOnly: true,
};

/** What every workload is run with. */
export interface Setting {
  readonly mode: Mode;
  /** What the rivals run on. */
  readonly runtimes: readonly Runtime[];
  /** What moecache runs on. */
  readonly own: Runtime;
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

/**
 * Measures all contenders at a workload.
 *
 * @throws {Error} When moecache or a floor breaks down. A rival that does, or that returns a wrong
 * value, is left out and named.
 */
export async function runWorkload(workload: Workload, setting: Setting): Promise<Result> {
  const { mode, runtimes, own } = setting;
  const scaled = scale(workload, mode.portion);
  const failures: string[] = [];

  async function attempt<T>(contender: Contender, act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      if (contender.role !== "rival" || !(error instanceof Error)) throw error;
      failures.push(error.message);
      return undefined;
    }
  }

  await using workers = new AsyncDisposableStack();
  const started = await Promise.all(
    contendersIn(workload, runtimes, own).map((contender, slot) =>
      attempt(contender, async (): Promise<Entry> => {
        const job = makeJob(contender, scaled, slot, setting);
        const worker = workers.use(new WorkerProcess(contender, job, setting.env));
        return { contender, job, worker, note: await worker.ready(), samples: [] };
      })
    ),
  );
  const warmed: [Entry, Sample][] = [];
  for (const entry of started) {
    if (entry === undefined) continue;
    const sample = await attempt(entry.contender, () => entry.worker.warm());
    if (sample !== undefined) warmed.push([entry, sample]);
  }
  let entries = mode.fastestOnly ? fastestOfEach(warmed) : warmed.map(([entry]) => entry);
  // What a process remembers can be measured once.
  const rounds = workload.action === "memory" ? 1 : mode.rounds;
  for (let round = 0; round < rounds; round++) {
    for (const entry of entries) {
      const sample = await attempt(entry.contender, () => measure(entry, setting));
      if (sample === undefined) entries = entries.filter((other) => other !== entry);
      else entry.samples.push(sample);
    }
  }
  return summarize(scaled, entries, failures);
}

/**
 * A round. A start is measured in a process that has just begun, and so is memory: while the others
 * carry out their million operations, a client that waits would lose its idle connection.
 */
async function measure({ contender, job, worker }: Entry, { env }: Setting): Promise<Sample> {
  const { action } = job.workload;
  if (action !== "start" && action !== "memory") return await worker.measure();
  await using starting = new WorkerProcess(contender, job, env);
  await starting.ready();
  return await starting.measure();
}

function fastestOfEach(warmed: readonly [Entry, Sample][]): Entry[] {
  const rate = ({ operations, time }: Sample) => operations / time;
  return warmed.filter(([{ contender }, sample]) =>
    warmed.every(([other, otherSample]) =>
      other.contender.name !== contender.name ||
      rate(otherSample) <= rate(sample)
    )
  ).map(([entry]) => entry);
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
    // Memory is measured in a process that has just begun.
    warmTime: workload.action === "memory" ? 0 : mode.warmTime,
  };
}

function scale(workload: Workload, portion: number): Workload {
  if (workload.operations === undefined) return workload;
  const operations = workload.operations * portion;
  const inFull = workload.operations.toLocaleString("en");
  const title = workload.title.replace(inFull, operations.toLocaleString("en"));
  return { ...workload, title, operations };
}
