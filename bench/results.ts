/** What comes of the rounds: medians, and whether the targets are reached. @module */

import type { Contender } from "./contenders.ts";
import type { Machine } from "./machine.ts";
import type { Latencies, Opponent, Runtime, Sample, Target, Workload } from "./workloads.ts";

/** One contender's rounds. */
export interface Measured {
  readonly contender: Contender;
  readonly note: string | undefined;
  readonly samples: readonly Sample[];
}

/** One line of the table. */
export interface Row extends Pick<Contender, "name" | "role" | "runtime"> {
  readonly note?: string;
  /** Median, least and greatest of the rounds. */
  readonly operationsPerSecond: Spread;
  /** Median of the rounds: microseconds of the process's processor time, user and system. */
  readonly cpuPerOperation: number;
  /** Median of the rounds: bytes of resident memory more than at the start. */
  readonly grown?: number;
  /** Medians of the rounds. */
  readonly latencies?: Latencies;
}

/** A figure that was measured several times. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

/** What became of a target. */
export interface Verdict {
  readonly text: string;
  readonly reached: boolean;
  /** Which row of moecache's was held against whom, and what was to be reached, where it was a ratio. */
  readonly ratio?: {
    readonly name: string;
    readonly runtime: Row["runtime"];
    readonly opponent: Opponent;
    readonly least: number;
  };
}

/** One workload's part of the table. */
export interface Result {
  readonly workload: Workload;
  /** Every way that every client was run, moecache and the floors first. */
  readonly rows: readonly Row[];
  readonly verdicts: readonly Verdict[];
  /** Who returned a wrong value or broke down, and how. */
  readonly failures: readonly string[];
  /** When and on what it was measured, where that was not in the run of all workloads. */
  readonly started?: string;
  readonly machine?: Machine;
}

/** What came of a workload's rounds. */
export interface Outcome {
  readonly measured: readonly Measured[];
  /** What moecache was to run on. */
  readonly runtimes: readonly Runtime[];
  readonly failures: readonly string[];
}

/** Sums up the rounds of a workload. */
export function summarize(
  workload: Workload,
  { measured, runtimes, failures }: Outcome,
): Result {
  const rows = measured.filter(({ samples }) => samples.length > 0).map(toRow);
  const verdicts = workload.targets.flatMap((target) => {
    const { on = ["deno"] } = target;
    return runtimes.filter((runtime) => on.includes(runtime))
      .flatMap((runtime) => judgeOn(runtime, target, rows));
  });
  return { workload, rows, verdicts, failures };
}

/** The fastest rival, of all or of those on one runtime. */
export function bestRival(rows: readonly Row[], runtime?: Row["runtime"]): Row | undefined {
  return rows
    .filter((row) => row.role === "rival" && (runtime ?? row.runtime) === row.runtime)
    .toSorted((a, b) => speed(b) - speed(a))[0];
}

/** Operations per second. */
export function speed(row: Row): number {
  return row.operationsPerSecond.median;
}

/** The figure in the middle, or the mean of the two there. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + sorted[middle - 1]!) / 2;
}

function toRow({ contender, note, samples }: Measured): Row {
  const { name, role, runtime } = contender;
  const rates = samples.map(({ operations, time }) => operations / time * 1000);
  const growths = samples.flatMap(({ grown }) => grown ?? []);
  return {
    name,
    role,
    runtime,
    ...(note === undefined ? {} : { note }),
    operationsPerSecond: {
      median: median(rates),
      least: Math.min(...rates),
      greatest: Math.max(...rates),
    },
    cpuPerOperation: median(samples.map(({ cpu, operations }) => cpu / operations)),
    ...(growths.length === 0 ? {} : { grown: median(growths) }),
    ...latenciesOf(samples),
  };
}

function latenciesOf(samples: readonly Sample[]): Pick<Row, "latencies"> {
  const all = samples.flatMap(({ latencies }) => latencies ?? []);
  if (all.length === 0) return {};
  const middle = (name: keyof Latencies) => median(all.map((one) => one[name]));
  const [p50, p90, p99, p999] = [middle("p50"), middle("p90"), middle("p99"), middle("p999")];
  return { latencies: { p50, p90, p99, p999 } };
}

function judgeOn(runtime: Runtime, target: Target, rows: readonly Row[]): Verdict[] {
  const { of } = target;
  const subjects = rows.filter((row) =>
    row.role === "moecache" && row.runtime === runtime && row.name === (of ?? row.name) &&
    // What is compared with itself tells nothing.
    !("opponent" in target && target.opponent === row.name)
  );
  // What broke down has reached nothing.
  if (subjects.length === 0) return [{ text: `moecache on ${runtime}: no figure`, reached: false }];
  return subjects.flatMap((subject) => judge(target, subject, rows));
}

function judge(target: Target, subject: Row, rows: readonly Row[]): Verdict[] {
  if ("mostGrowth" in target) return [judgeGrowth(target.mostGrowth, subject)];
  const opponent = find(target.opponent, subject, rows);
  // A rival may be unable to take part.
  if (opponent === undefined) return [];
  const ratio = speed(subject) / speed(opponent);
  const who = target.opponent.startsWith("best rival") ? "the best rival, " : "";
  const text = `${nameOf(subject)}: ${ratio.toFixed(2)} times ${who}${nameOf(opponent)}, ` +
    `to reach ${target.least}`;
  const { name, runtime } = subject;
  return [{
    text,
    reached: ratio >= target.least,
    ratio: { name, runtime, opponent: target.opponent, least: target.least },
  }];
}

function judgeGrowth(most: number, subject: Row): Verdict {
  const { grown = NaN } = subject;
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const text = `${nameOf(subject)}: ${megabytes(grown)} MB more than at the start, ` +
    `at most ${megabytes(most)}`;
  return { text, reached: grown <= most };
}

function find(opponent: Opponent, subject: Row, rows: readonly Row[]): Row | undefined {
  if (opponent === "best rival") return bestRival(rows);
  if (opponent === "best rival there") return bestRival(rows, subject.runtime);
  return rows
    // Another of moecache's ways shows something only where the rest is the same.
    .filter(({ name, role, runtime }) =>
      name === opponent && (role !== "moecache" || runtime === subject.runtime)
    )
    .toSorted((a, b) => speed(b) - speed(a))[0];
}

function nameOf({ name, runtime }: Row): string {
  return `${name} on ${runtime}`;
}
