/** What servers do a second, how full they are and how well they serve: from two looks at them. @module */

import { itemClasses, numberIn, type Snapshot } from "./snapshot.ts";
import type { Stats } from "../../mod.ts";

/** What is counted between two looks. */
const COUNTERS = {
  gets: "cmd_get",
  getHits: "get_hits",
  getMisses: "get_misses",
  expired: "get_expired",
  flushed: "get_flushed",
  sets: "cmd_set",
  evictions: "evictions",
} as const;

/** How often each thing has happened a second. */
export type Rates = Readonly<Record<keyof typeof COUNTERS, number>>;

/** The figures of a server. */
export interface ServerFigures {
  readonly server: string;
  readonly version: string | undefined;
  /** Seconds since it was started. */
  readonly uptime: number;
  readonly items: number;
  /** Used bytes, and how many it may use. */
  readonly bytes: number;
  readonly limit: number;
  /** The used part of the limit, 0 to 1. */
  readonly fill: number;
  readonly connections: number;
  /** What happened a second; `undefined` as long as there is no earlier look. */
  readonly rates: Rates | undefined;
  /** The part of the reads that found something, 0 to 1; `undefined` when nothing was read. */
  readonly hitRate: number | undefined;
  /** Why most of the misses of this time missed. */
  readonly missReason: MissReason | undefined;
  /** Seconds since the item was used that is to be evicted last of all classes; needs `stats items`. */
  readonly coldestAge: number | undefined;
}

/** Why reads missed: most of them, and which part that is. */
export interface MissReason {
  /** The item had expired, was flushed, was not there, or the server has just started. */
  readonly reason: "expired" | "flushed" | "absent" | "warming";
  /** The part of the misses that have this reason, 0 to 1. */
  readonly share: number;
}

/** The figures of all servers together. */
export interface FleetFigures {
  readonly items: number;
  readonly fill: number;
  readonly connections: number;
  readonly rates: Rates | undefined;
  readonly hitRate: number | undefined;
  /** How much more than the average the busiest server reads, and the fullest holds: 1 is even. */
  readonly getSpread: number | undefined;
  readonly itemSpread: number | undefined;
}

/** A server that was started at most this many seconds ago, and misses, is filling up. */
const WARMING = 600;

/** What a counter has grown by. A server that was restarted, or whose statistics were reset, counts from 0. */
export function changeOf(before: Snapshot, after: Snapshot, statistic: string): number {
  const now = numberIn(after.stats, statistic) ?? 0;
  if (isRestarted(before.stats, after.stats)) return now;
  const change = now - (numberIn(before.stats, statistic) ?? 0);
  return change < 0 ? now : change;
}

/** How many seconds of its uptime a server may be behind, which counts in whole seconds. */
const LATE = 2;

/** Whether the server was started again between two looks. In containers, each start may have the same `pid`. */
export function isRestarted(before: Stats, after: Stats): boolean {
  const passed = Number(after.time) - Number(before.time);
  const grown = Number(after.uptime) - Number(before.uptime);
  return before.pid !== after.pid || grown < 0 || grown < passed - LATE;
}

/**
 * The figures of a server.
 *
 * @param before An earlier look at it, if there is one.
 */
export function figuresOf(before: Snapshot | undefined, after: Snapshot): ServerFigures {
  const { server, stats, items } = after;
  const limit = numberIn(stats, "limit_maxbytes") ?? 0;
  const bytes = numberIn(stats, "bytes") ?? 0;
  const uptime = numberIn(stats, "uptime") ?? 0;
  const rates = before === undefined ? undefined : ratesBetween(before, after);
  return {
    ...{ server, uptime, bytes, limit, rates },
    version: stats.version,
    items: numberIn(stats, "curr_items") ?? 0,
    fill: limit === 0 ? 0 : bytes / limit,
    connections: numberIn(stats, "curr_connections") ?? 0,
    hitRate: hitRateOf(rates),
    missReason: rates === undefined ? undefined : missReasonOf(rates, uptime),
    coldestAge: items === undefined ? undefined : coldestAgeOf(items),
  };
}

/** The figures of all servers together: sums, and how evenly the servers are used. */
export function fleetFiguresOf(servers: readonly ServerFigures[]): FleetFigures {
  const sum = (of: (figures: ServerFigures) => number) =>
    servers.reduce((total, figures) => total + of(figures), 0);
  const known = servers.flatMap(({ rates }) => rates === undefined ? [] : [rates]);
  const rates = known.length === 0
    ? undefined
    : eachCounter((name) => known.reduce((total, each) => total + each[name], 0));
  const limit = sum(({ limit }) => limit);
  return {
    items: sum(({ items }) => items),
    fill: limit === 0 ? 0 : sum(({ bytes }) => bytes) / limit,
    connections: sum(({ connections }) => connections),
    rates,
    hitRate: hitRateOf(rates),
    getSpread: spreadOf(known.map(({ gets }) => gets)),
    itemSpread: spreadOf(servers.map(({ items }) => items)),
  };
}

/** How much larger the largest is than the average. */
function spreadOf(values: readonly number[]): number | undefined {
  const total = values.reduce((sum, value) => sum + value, 0);
  return total === 0 ? undefined : Math.max(...values) / (total / values.length);
}

function ratesBetween(before: Snapshot, after: Snapshot): Rates {
  const seconds = Math.max(0.001, (after.at - before.at) / 1000);
  return eachCounter((name) => changeOf(before, after, COUNTERS[name]) / seconds);
}

function eachCounter(of: (name: keyof Rates) => number): Rates {
  const names = Object.keys(COUNTERS) as (keyof Rates)[];
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Rates;
}

/** `gat` counts as a read, but neither as a hit nor as a miss: the rate is of those that count as either. */
function hitRateOf(rates: Rates | undefined): number | undefined {
  if (rates === undefined) return undefined;
  const { getHits, getMisses } = rates;
  if (getHits + getMisses === 0) return undefined;
  // The division by seconds has cost the last digits.
  return Math.round(getHits / (getHits + getMisses) * 1e6) / 1e6;
}

function missReasonOf(rates: Rates, uptime: number): MissReason | undefined {
  const { getMisses, expired, flushed } = rates;
  if (getMisses === 0) return undefined;
  const absent = Math.max(0, getMisses - expired - flushed);
  const [most, reason] = ([
    [absent, uptime <= WARMING ? "warming" : "absent"],
    [expired, "expired"],
    [flushed, "flushed"],
  ] as const).toSorted(([a], [b]) => b - a)[0] ?? [0, "absent"];
  return { reason, share: Math.min(1, most / getMisses) };
}

function coldestAgeOf(items: Stats): number | undefined {
  const ages = Array.from(itemClasses(items).values(), (fields) => numberIn(fields, "age") ?? 0);
  return ages.length === 0 ? undefined : Math.max(...ages);
}
