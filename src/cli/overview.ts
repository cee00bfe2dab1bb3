/** All servers at one moment: what `top` draws. @module */

import type { Advice, Look } from "./doctor/advice.ts";
import type { FleetFigures, Rates, ServerFigures } from "./figures.ts";
import type { HotKeysReport } from "./hot_keys.ts";
import type { LargeValue } from "./largest_values.ts";
import type { Row } from "./printer.ts";

/** A server at one moment. */
export type ServerView = ServerUp | ServerDown;

/** A server that answers. */
export interface ServerUp {
  readonly server: string;
  readonly state: "up";
  readonly figures: ServerFigures;
  /** What the figures are of: the last two answers. */
  readonly look: Look;
  /** Seconds for which it has not answered; 0 as long as it answers in time. */
  readonly silent: number;
  /** It evicts half as much again as on average in the last minute. */
  readonly evictsMore: boolean;
  /** Its hit rate is five points below the average of the last minute. */
  readonly hitsLess: boolean;
}

/** A server that cannot be reached, or has not answered yet. */
export interface ServerDown {
  readonly server: string;
  readonly state: "down" | "waiting";
  /** Why. */
  readonly message: string;
}

/** All servers at one moment. */
export interface Overview {
  readonly time: Date;
  readonly servers: readonly ServerView[];
  /** The servers that answer, together. */
  readonly fleet: FleetFigures;
  /** The most used keys of about the last ten seconds; only where servers can be watched. */
  readonly hot: HotKeysReport | undefined;
  /** The largest values that were read or stored in that time. */
  readonly big: readonly LargeValue[];
  readonly advice: readonly Advice[];
  /** What servers do not offer, a sentence each. */
  readonly notes: readonly string[];
}

/** What is known of a server, as a record; `null` is not known. */
export function serverRecords({ time, servers }: Overview): readonly Row[] {
  return servers.map((view): Row => {
    const figures = view.state === "up" ? view.figures : undefined;
    const { rates } = figures ?? {};
    return {
      ...{ time, server: view.server, state: view.state },
      message: view.state === "up" ? null : view.message,
      ...{ version: figures?.version ?? null, uptime: figures?.uptime ?? null },
      ...{ bytes: figures?.bytes ?? null, limit: figures?.limit ?? null },
      ...{ fill: figures?.fill ?? null, items: figures?.items ?? null },
      ...ratesRecord(rates, figures?.hitRate),
      ...{ coldestAge: figures?.coldestAge ?? null, connections: figures?.connections ?? null },
      missReason: figures?.missReason?.reason ?? null,
      missShare: figures?.missReason?.share ?? null,
    };
  });
}

/** All of it as one record. */
export function recordOf(overview: Overview): Row {
  const { time, fleet, hot, big, advice, notes } = overview;
  const { rates, hitRate, getSpread = null, itemSpread = null, ...sums } = fleet;
  return {
    time,
    servers: serverRecords(overview).map(({ time: _, ...record }) => record),
    fleet: { ...sums, ...ratesRecord(rates, hitRate), getSpread, itemSpread },
    hot: hot ?? null,
    ...{ big, advice, notes },
  };
}

function ratesRecord(rates: Rates | undefined, hitRate: number | undefined): Row {
  const rounded = (rate: number | undefined) =>
    rate === undefined ? null : Math.round(rate * 10) / 10;
  return {
    ...{ getsPerSecond: rounded(rates?.gets), hitRate: hitRate ?? null },
    ...{ setsPerSecond: rounded(rates?.sets), evictionsPerSecond: rounded(rates?.evictions) },
  };
}
