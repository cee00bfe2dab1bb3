/** Rules about all servers together: how alike they are, and what one key does to one of them. @module */

import { figuresOf } from "../figures.ts";
import { printable } from "../shown_text.ts";
import { showDuration, showShare, showSize } from "../quantities.ts";
import { numberIn } from "../snapshot.ts";
import type { Advice, FleetRule, Look, Observation } from "./advice.ts";

/** A server that has this many times the average is unequal. */
const UNEQUAL = 1.5;
/** Below this many reads a second, or items, servers may be as unequal as they like. */
const FEW_GETS = 100;
const FEW_ITEMS = 1000;
/** A server whose hit rate is this much below that of the others is unequal. */
const MUCH_LOWER = 0.2;
/** A key that has this part of all reads and writes, and this many a second, takes more than its share. */
const LARGE_SHARE = 0.1;
const FEW_USES = 100;

/** The rules about all servers together. */
export const FLEET_RULES: readonly FleetRule[] = [
  unequalLoad,
  unequalItems,
  unequalHits,
  unequalMemory,
  unequalVersions,
  hotKey,
];

/** A server, and one figure of it. */
interface Measured {
  readonly server: string;
  readonly value: number;
}

function unequalLoad({ servers }: Observation): Advice[] {
  const gets = servers.map((look) => ({ server: look.now.server, value: getsOf(look) }));
  const [busiest, times, average] = largestOf(gets);
  if (busiest === undefined || average < FEW_GETS || times < UNEQUAL) return [];
  return [{
    ...{ rule: "unequal-load", server: busiest.server, severity: "warning" },
    finding: `${busiest.server} is read ${times.toFixed(1)} times as often as the average server`,
    figures: { getsPerSecond: busiest.value, average, times },
    action: "Look at `moecache hot` for keys that are read often, and at `moecache balance` for " +
      "the ring; are all clients on the same ring and list of servers?",
  }];
}

/** How often a server is read a second: now, or on average since its start. */
function getsOf({ before, now }: Look): number {
  const { rates, uptime } = figuresOf(before, now);
  return rates?.gets ?? (numberIn(now.stats, "cmd_get") ?? 0) / Math.max(1, uptime);
}

function unequalItems({ servers }: Observation): Advice[] {
  const items = servers.map(({ now }) => ({
    server: now.server,
    value: numberIn(now.stats, "curr_items") ?? 0,
  }));
  const [fullest, times, average] = largestOf(items);
  if (fullest === undefined || average < FEW_ITEMS || times < UNEQUAL) return [];
  const least = items.reduce((a, b) => b.value < a.value ? b : a);
  const started = numberIn(
    servers.find(({ now }) => now.server === least.server)?.now.stats,
    "uptime",
  );
  const since = started === undefined ? "" : `, which was started ${showDuration(started)} ago`;
  return [{
    ...{ rule: "unequal-items", server: fullest.server, severity: "notice" },
    finding: `${fullest.server} holds ${times.toFixed(1)} times as many items as the average ` +
      `server; ${least.server} holds the fewest${since}`,
    figures: { ["curr_items"]: fullest.value, average, times, fewest: least.value },
    action:
      "Wait if a server was started lately; otherwise look at `moecache balance`: the ring, " +
      "weights, or clients that use another list of servers",
  }];
}

function unequalHits({ servers }: Observation): Advice[] {
  const all = servers.flatMap((look) => {
    const { hitRate, rates, uptime } = figuresOf(look.before, look.now);
    return hitRate === undefined || rates === undefined || rates.gets < FEW_GETS
      ? []
      : [{ server: look.now.server, value: hitRate, rates, uptime }];
  });
  if (all.length < 2) return [];
  const worst = all.reduce((a, b) => b.value < a.value ? b : a);
  const others = all.filter((each) => each !== worst);
  const sum = (name: "getHits" | "getMisses") =>
    others.reduce((total, { rates }) => total + rates[name], 0);
  const average = sum("getHits") / (sum("getHits") + sum("getMisses"));
  if (average - worst.value < MUCH_LOWER) return [];
  return [{
    ...{ rule: "unequal-hits", server: worst.server, severity: "warning" },
    finding: `${showShare(worst.value, 1)} of the reads find something on ${worst.server}, and ` +
      `${showShare(average, 1)} on the others`,
    figures: { hitRate: worst.value, others: average, uptime: worst.uptime },
    action:
      "Wait if it was started lately; otherwise look at its evictions, and at `moecache hot " +
      "--misses`",
  }];
}

function unequalMemory({ servers }: Observation): Advice[] {
  const limits = servers.map(({ now }) => ({
    server: now.server,
    value: numberIn(now.stats, "limit_maxbytes") ?? 0,
  }));
  const [first] = limits;
  if (first === undefined || limits.every(({ value }) => value === first.value)) return [];
  const least = limits.reduce((a, b) => b.value < a.value ? b : a);
  const most = limits.reduce((a, b) => b.value > a.value ? b : a);
  return [{
    ...{ rule: "unequal-memory", server: least.server, severity: "notice" },
    finding: `${least.server} may use ${showSize(least.value)}, and ${most.server} ` +
      showSize(most.value),
    figures: { ["limit_maxbytes"]: least.value, most: most.value },
    action: "Give all servers the same memory, or weights in every client: without weights each " +
      "server gets as many keys as the others",
  }];
}

function unequalVersions({ servers }: Observation): Advice[] {
  const versions = new Map(servers.map(({ now }) => [now.stats.version ?? "?", now.server]));
  const [first, second] = versions;
  if (first === undefined || second === undefined) return [];
  return [{
    ...{ rule: "unequal-versions", server: first[1], severity: "notice" },
    finding: `the servers run ${versions.size} versions of memcached: ` +
      Array.from(versions.keys()).join(", "),
    figures: Object.fromEntries(Array.from(versions, ([version, server]) => [server, version])),
    action: "Run the same version on all servers: clients use the commands that the oldest has",
  }];
}

function hotKey({ hot }: Observation): Advice[] {
  return (hot?.keys ?? [])
    .filter(({ share, perSecond }) => share >= LARGE_SHARE && perSecond >= FEW_USES)
    .map(({ key, share, perSecond, servers: [server = "?", ...others] }): Advice => ({
      ...{ rule: "hot-key", server, severity: "warning" },
      finding: `${printable(key)} alone is used ${Math.round(perSecond)} times a second on ` +
        `${server}${others.length === 0 ? "" : ` and ${others.length} more`}: ` +
        `${showShare(share, 1)} of all`,
      figures: { key, perSecond, share, seen: hot?.seen ?? 1 },
      action: "Keep it in each process (`nearCache`), or spread it over several servers " +
        "(`spread`, `replicas`)",
    }));
}

/** The server with the largest figure, how many times the average that is, and the average. */
function largestOf(
  all: readonly Measured[],
): [largest: Measured | undefined, times: number, average: number] {
  if (all.length < 2) return [undefined, 1, 0];
  const average = all.reduce((sum, { value }) => sum + value, 0) / all.length;
  const largest = all.reduce((a, b) => b.value > a.value ? b : a);
  return [largest, average === 0 ? 1 : largest.value / average, average];
}
