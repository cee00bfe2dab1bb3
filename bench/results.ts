/** What comes of the rounds: medians, and whether the targets are reached. @module */

import type { Contender } from "./contenders.ts";
import type { Opponent, Sample, Target, Workload } from "./workloads.ts";

/** One contender's rounds. */
export interface Measured {
  readonly contender: Contender;
  readonly note: string | undefined;
  readonly samples: readonly Sample[];
}

/** One line of the table. */
export interface Row extends Pick<Contender, "name" | "role" | "runtime" | "setup"> {
  readonly note?: string;
  /** Median, least and greatest of the rounds. */
  readonly operationsPerSecond: Spread;
  /** Median of the rounds: microseconds of the process's processor time, user and system. */
  readonly cpuPerOperation: number;
  /** Median of the rounds: bytes of resident memory more than at the start. */
  readonly grown?: number;
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
}

/** One workload's part of the table. */
export interface Result {
  readonly workload: Workload;
  /** Of each client the fastest way it was run, floors and moecache first. */
  readonly rows: readonly Row[];
  /** The slower ways. */
  readonly slower: readonly Row[];
  readonly verdicts: readonly Verdict[];
  /** Rivals that returned a wrong value or broke down, and how. */
  readonly failures: readonly string[];
}

/** Sums up the rounds of a workload. */
export function summarize(
  workload: Workload,
  measured: readonly Measured[],
  failures: readonly string[],
): Result {
  const all = measured.map(toRow);
  const rows = all.filter((row) =>
    all.every((other) => other.name !== row.name || speed(other) <= speed(row))
  );
  return {
    workload,
    rows,
    slower: all.filter((row) => !rows.includes(row)),
    verdicts: rows.filter(({ role }) => role === "moecache")
      .flatMap((row) => workload.targets.flatMap((target) => judge(target, row, rows))),
    failures,
  };
}

/** The figure in the middle, or the mean of the two there. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + sorted[middle - 1]!) / 2;
}

function toRow({ contender, note, samples }: Measured): Row {
  const { name, role, runtime, setup } = contender;
  const rates = samples.map(({ operations, time }) => operations / time * 1000);
  const growths = samples.flatMap(({ grown }) => grown ?? []);
  return {
    name,
    role,
    runtime,
    ...(setup === undefined ? {} : { setup }),
    ...(note === undefined ? {} : { note }),
    operationsPerSecond: {
      median: median(rates),
      least: Math.min(...rates),
      greatest: Math.max(...rates),
    },
    cpuPerOperation: median(samples.map(({ cpu, operations }) => cpu / operations)),
    ...(growths.length === 0 ? {} : { grown: median(growths) }),
  };
}

function speed(row: Row): number {
  return row.operationsPerSecond.median;
}

function judge(target: Target, subject: Row, rows: readonly Row[]): Verdict[] {
  if ("mostGrowth" in target) return [judgeGrowth(target.mostGrowth, subject)];
  const opponent = find(target.opponent, rows);
  // A rival may be unable to take part.
  if (opponent === undefined) return [];
  const ratio = speed(subject) / speed(opponent);
  const who = target.opponent === "best rival"
    ? `the best rival, ${opponent.name}`
    : `the ${target.opponent}`.replace("the memjs", "memjs");
  const text = `${subject.name}: ${ratio.toFixed(2)} times ${who}, to reach ${target.least}`;
  return [{ text, reached: ratio >= target.least }];
}

function judgeGrowth(most: number, { name, grown = NaN }: Row): Verdict {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const text = `${name}: ${megabytes(grown)} MB more than at the start, at most ${megabytes(most)}`;
  return { text, reached: grown <= most };
}

function find(opponent: Opponent, rows: readonly Row[]): Row | undefined {
  if (opponent !== "best rival") {
    return rows.find(({ name }) => name === opponent);
  }
  return rows.filter(({ role }) => role === "rival")
    .toSorted((a, b) => speed(b) - speed(a))[0];
}
