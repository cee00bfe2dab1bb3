/** Runs a workload: all contenders warmed up, then round after round of A B C, A B C; and all of it again. @module */

import { type Contender, contendersIn, type Lineup } from "./contenders.ts";
import { type Measured, type Result, summarize } from "./results.ts";
import { WorkerProcess } from "./worker_process.ts";
import type { Job, Sample, Workload } from "./workloads.ts";

/** How thorough a run is. */
export interface Mode {
  /**
   * How often every contender begins in a new process. Where the scheduler happens to put a client and its
   * server, a round trip takes two or three times as long as elsewhere, and that stays so for a process.
   */
  readonly sittings: number;
  /** How many processes are started of each kind whose cold start is measured. */
  readonly coldStarts: number;
  /** How many rounds a sitting has. */
  readonly rounds: number;
  /** Milliseconds that a round takes. */
  readonly roundTime: number;
  /** How much of a prescribed number of operations is carried out. */
  readonly portion: number;
  /** Milliseconds after which the round ends, also without the answers that are missing. */
  readonly patience: number;
  /** Milliseconds that all workloads may take together; rounds are left out to keep to it. */
  readonly budget: number;
}

/** So few rounds of a sitting are carried out even where time has run out. */
const FEWEST_ROUNDS = 3;

/** Some thirty minutes on three runtimes. */
export const FULL: Mode = {
  sittings: 3,
  coldStarts: 15,
  rounds: 5,
  roundTime: 120,
  portion: 1,
  patience: 120_000,
  budget: Infinity,
};

/** A minute at most. */
export const SHORT: Mode = {
  sittings: 1,
  coldStarts: 9,
  rounds: 5,
  roundTime: 25,
  portion: 0.04,
  patience: 20_000,
  budget: 45_000,
};

/** Minutes that a run in full takes on three runtimes, about. */
const FULL_MINUTES = 30;
/** Milliseconds of a round that are still worth something. */
const LEAST_ROUND_TIME = 25;

/** How thorough a run of all workloads can be that should take so many minutes. */
export function modeFor(minutes: number): Mode {
  const portion = minutes / FULL_MINUTES;
  const sittings = Math.min(Math.max(Math.round(portion * FULL.sittings), 1), FULL.sittings);
  const roundTime = FULL.roundTime * Math.min(1, portion * FULL.sittings / sittings);
  return {
    ...FULL,
    sittings,
    coldStarts: Math.round(Math.min(Math.max(portion * FULL.coldStarts, 5), FULL.coldStarts)),
    roundTime: Math.max(LEAST_ROUND_TIME, Math.round(roundTime)),
    portion: Math.min(1, Math.max(SHORT.portion, portion)),
    budget: minutes * 60_000,
  };
}

/** What every workload is run with. */
export interface Setting {
  readonly mode: Mode;
  readonly lineup: Lineup;
  /** When the workload's time is up, as `performance.now()` counts. */
  readonly end: number;
  readonly servers: readonly string[];
  /** Called with how much of the workload is done, from 0 to 1. */
  readonly onStep: (part: number) => void;
  /** Environment variables for the contenders' processes. */
  readonly env: Record<string, string>;
}

/** A contender, and what came of its rounds. */
interface Entry extends Measured {
  readonly job: Job;
  readonly samples: Sample[];
  note: string | undefined;
}

/** One that is at work. */
interface Seated {
  readonly entry: Entry;
  readonly worker: WorkerProcess;
}

/** Measures all contenders at a workload. One that breaks down, or lies, is left out and named. */
export async function runWorkload(workload: Workload, setting: Setting): Promise<Result> {
  const { mode, lineup } = setting;
  const scaled = scale(workload, mode.portion);
  const failures: string[] = [];
  // A million operations are many rounds in one.
  const [sittings, rounds] = workload.action === "memory"
    ? [1, 1]
    : [workload.isLean ? Math.min(mode.sittings, 2) : mode.sittings, mode.rounds];
  let entries: Entry[] = contendersIn(workload, lineup).map((contender, slot) => ({
    contender,
    job: makeJob(contender, scaled, slot, setting),
    note: undefined,
    samples: [],
  }));
  for (let sitting = 0; sitting < sittings; sitting++) {
    if (sitting > 0 && performance.now() > setting.end) break;
    const onStep = (part: number) => setting.onStep((sitting + part) / sittings);
    entries = await sit(entries, rounds, { ...setting, onStep }, failures);
  }
  return summarize(scaled, { measured: entries, runtimes: lineup.moecache, failures });
}

/** Runs some rounds in new processes; returns the contenders that have come through all of them. */
async function sit(
  entries: readonly Entry[],
  rounds: number,
  setting: Setting,
  failures: string[],
): Promise<Entry[]> {
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
  const started = await Promise.all(entries.map((entry) =>
    attempt(async (): Promise<Seated> => {
      const worker = workers.use(startWorker(entry, setting));
      entry.note = await worker.ready();
      return { entry, worker };
    })
  ));
  let seated: Seated[] = [];
  for (const [at, one] of started.entries()) {
    // To warm up takes as long as some rounds.
    setting.onStep(at / started.length / 2);
    if (one === undefined) continue;
    if (await attempt(() => one.worker.warm()) !== undefined) seated.push(one);
  }
  for (let round = 0; round < rounds; round++) {
    if (round >= FEWEST_ROUNDS && performance.now() > setting.end) break;
    setting.onStep(0.5 + round / rounds / 2);
    for (const one of seated) {
      const sample = await attempt(() => measure(one, setting));
      if (sample === undefined) seated = seated.filter((other) => other !== one);
      else one.entry.samples.push(sample);
    }
  }
  return seated.map(({ entry }) => entry);
}

/**
 * A round. A start is measured in a process that has just begun, and so is memory: while the others
 * carry out their million operations, a client that waits would lose its idle connection.
 */
async function measure({ entry, worker }: Seated, setting: Setting): Promise<Sample> {
  const { action } = entry.job.workload;
  if (action !== "start" && action !== "memory") return await worker.measure();
  await using starting = startWorker(entry, setting);
  await starting.ready();
  return await starting.measure();
}

function startWorker({ contender, job }: Entry, { env, mode }: Setting): WorkerProcess {
  return new WorkerProcess(contender, job, { env, patience: mode.patience });
}

function makeJob(
  { module, floor }: Contender,
  workload: Workload,
  slot: number,
  { mode, servers }: Setting,
): Job {
  return {
    workload,
    module,
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
