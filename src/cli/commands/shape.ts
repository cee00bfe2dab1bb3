/** The shape of what the servers hold: sizes, lifetimes, prefixes, and how even it is. @module */

import type { Client, ItemMetadata, ServerAddress } from "../../../mod.ts";
import { serversFromEnv } from "../../discovery/mod.ts";
import type { Command } from "commander";
import { define, type Job, type Runner } from "../definition.ts";
import { type Fleet, noSuchServer } from "../fleet.ts";
import { printHistogram } from "../histogram.ts";
import { filterOf, ttlOf } from "../item_filter.ts";
import { decodedKey, isReachable, isUtf8 } from "../keys_of_bytes.ts";
import { ringOf } from "../known_rings.ts";
import { LargestItems } from "../largest_items.ts";
import { type ListedExtent, Listing } from "../listing.ts";
import type { Printer, Row, TableOptions } from "../printer.ts";
import { countOf, readCount, showDuration, showShare, showSize } from "../quantities.ts";
import { UsageFault } from "../usage.ts";

interface CountOptions {
  readonly count?: string;
  readonly prefix?: string;
}

interface BigOptions extends CountOptions {
  readonly sizes?: boolean;
}

interface PrefixesOptions {
  readonly depth?: string;
  readonly separator?: string;
  readonly count?: string;
}

interface BalanceOptions {
  readonly add?: string;
  readonly remove?: string;
}

const PREFIX_OPTION = ["--prefix <text>", "only keys that begin so"] as const;

/** Adds `big`, `ttl`, `prefixes` and `balance`. */
export function addShapeCommands(program: Command, runner: Runner): void {
  define<BigOptions>(program, runner, {
    usage: "big",
    summary: "Show the largest items, and how many items there are of each size.",
    options: [
      ["-n, --count <n>", "how many items (20)"],
      PREFIX_OPTION,
      ["--sizes", "only how many items there are of each size, also with --json and --csv"],
    ],
    examples: ["big -n 5", "big --prefix user: --json", "big --sizes --json"],
    run: big,
  });
  define<CountOptions>(program, runner, {
    usage: "ttl",
    summary: "Show how many items expire when.",
    options: [PREFIX_OPTION],
    examples: ["ttl", "ttl --prefix user: --json"],
    run: lifetimes,
  });
  define<PrefixesOptions>(program, runner, {
    usage: "prefixes",
    summary: "Show the size of the items of each prefix, and how many were never read.",
    options: [
      ["--depth <n>", "how many parts of a key are a prefix (1)"],
      ["--separator <text>", "what stands between the parts (:)"],
      ["-n, --count <n>", "how many prefixes, the largest first (20)"],
    ],
    examples: ["prefixes", "prefixes --depth 2 --separator : -n 5"],
    run: prefixes,
  });
  define<BalanceOptions>(program, runner, {
    usage: "balance",
    summary: "Show the share of each server, and how many keys are not where the ring looks.",
    options: [
      ["--add <list>", "as if these servers were added"],
      ["--remove <list>", "as if these servers were removed"],
    ],
    examples: ["balance", "balance --ring ketama --add 10.0.0.9:11211"],
    run: balance,
  });
}

async function big(job: Job<BigOptions>): Promise<number> {
  const { options, printer, terminal, fleet } = job;
  const isWanted = filterOf(options);
  const most = readCount("--count", options.count ?? "20");
  const listing = new Listing({ fleet: await fleet(), terminal, what: "listed" });
  const largest = new LargestItems(most);
  for await (const item of listing.items()) {
    if (isWanted(item)) largest.add(item);
  }
  if (options.sizes) {
    if (largest.count > 0) await printSizes(printer, largest);
    return listing.code(largest.count);
  }
  await printer.table(
    largest.items.map((item) => ({
      ...{ key: decodedKey(item.key), size: item.size, ttl: ttlOf(item) ?? null },
      ...{ fetched: item.fetched, server: item.server },
    })),
    {
      show: {
        size: (size) => showSize(Number(size)),
        ttl: (ttl) => ttl === null ? "never" : showDuration(Number(ttl)),
      },
    },
  );
  if (printer.shape === "text" && largest.count > 0) {
    await printer.line("");
    await printSizes(printer, largest);
  }
  return listing.code(largest.count);
}

/** Prints how many items there are up to each size. */
async function printSizes(printer: Printer, largest: LargestItems): Promise<void> {
  if (printer.shape === "text") await printHistogram(printer, "size", largest.namedSizes());
  else await printHistogram(printer, "upTo", largest.sizes());
}

const LIFETIMES: readonly (readonly [below: number, name: string])[] = [
  [60, "under 1m"],
  [600, "under 10m"],
  [3600, "under 1h"],
  [21_600, "under 6h"],
  [86_400, "under 1d"],
  [604_800, "under 7d"],
  [2_592_000, "under 30d"],
  [Infinity, "30d or more"],
];

async function lifetimes({ options, printer, terminal, fleet }: Job<CountOptions>) {
  const isWanted = filterOf(options);
  const listing = new Listing({ fleet: await fleet(), terminal, what: "listed" });
  const counts = new Map([...LIFETIMES.map(([, name]) => name), "never"].map((name) => [name, 0]));
  let found = 0;
  for await (const item of listing.items()) {
    if (!isWanted(item)) continue;
    found++;
    const ttl = ttlOf(item);
    const name = ttl === undefined ? "never" : LIFETIMES.find(([below]) => ttl < below)![1];
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  if (found > 0) await printHistogram(printer, "ttl", counts);
  return listing.code(found);
}

interface PrefixTotals {
  items: number;
  bytes: number;
  neverFetched: number;
}

/** How many prefixes are counted apart; what comes then is counted together. */
const MOST_PREFIXES = 100_000;
const OTHERS = "(others)";

async function prefixes({ options, printer, terminal, fleet }: Job<PrefixesOptions>) {
  const { separator = ":" } = options;
  if (separator === "") throw new UsageFault("an empty --separator separates nothing");
  const depth = readCount("--depth", options.depth ?? "1");
  const most = readCount("--count", options.count ?? "20");
  const listing = new Listing({ fleet: await fleet(), terminal, what: "listed" });
  const totals = new Map<string, PrefixTotals>();
  let bytes = 0;
  for await (const { key, size, fetched } of listing.items()) {
    const prefix = prefixOf(decodedKey(key), separator, depth);
    const name = totals.has(prefix) || totals.size < MOST_PREFIXES ? prefix : OTHERS;
    const total = totals.get(name) ?? { items: 0, bytes: 0, neverFetched: 0 };
    totals.set(name, total);
    total.items++;
    total.bytes += size;
    bytes += size;
    if (!fetched) total.neverFetched++;
  }
  const rows = [...totals].toSorted(([, a], [, b]) => b.bytes - a.bytes).slice(0, most)
    .map(([prefix, total]): Row => ({
      ...{ prefix, items: total.items, bytes: total.bytes },
      ...{ share: total.bytes / Math.max(1, bytes), neverFetched: total.neverFetched },
    }));
  await printer.table(rows, {
    show: {
      bytes: (size) => showSize(Number(size)),
      share: (share) => showShare(Number(share), 1),
    },
  });
  return listing.code(rows.length);
}

/** The first parts of a key with the separators behind them; a key without is its own prefix. */
function prefixOf(key: string, separator: string, depth: number): string {
  let end = 0;
  for (let i = 0; i < depth; i++) {
    const found = key.indexOf(separator, end);
    if (found < 0) break;
    end = found + separator.length;
  }
  return end === 0 ? "(no separator)" : `${key.slice(0, end)}*`;
}

interface ServerTotals {
  items: number;
  bytes: number;
  after: number;
}

/** How many keys were placed on the ring, and how many of them are on another server than it looks on. */
interface Placed {
  placed: number;
  moving: number;
}

async function balance({ options, printer, terminal, fleet }: Job<BalanceOptions>) {
  const servers = await fleet();
  const addresses = changedList(servers, options);
  const target = servers.with(ringOf(options.ring?.at(-1) ?? "moecache"), addresses);
  try {
    const listing = new Listing({ fleet: servers, terminal, what: "listed" });
    const names = [...servers.names, ...target.servers.map(({ name }) => name)];
    const totals = new Map(names.map((name): [string, ServerTotals] => [
      name,
      { items: 0, bytes: 0, after: 0 },
    ]));
    const counted: Placed = { placed: 0, moving: 0 };
    for await (const item of listing.items()) count(item, target, totals, counted);
    const rows = Array.from(totals, ([server, total]): Row => {
      const isTarget = target.servers.some(({ name }) => name === server);
      return {
        server,
        ...heldBy(total, listing.extentOf(server), listing),
        ...(isTarget ? lookedFor(total, counted) : { byRing: null, shareByRing: null }),
        ...(printer.shape === "text" ? {} : { complete: listing.extentOf(server) === "all" }),
      };
    });
    await printer.table(rows, tableOptions(listing));
    if (printer.shape === "text") {
      const remarks = rows.map((row) => remarkOn(row, servers, listing));
      for (const sentence of [...remarks, ...placedSentences(listing, counted)]) {
        if (sentence !== undefined) await printer.sentences(sentence);
      }
    }
    return listing.code(listing.count);
  } finally {
    await target.close();
  }
}

/** How the columns of `balance` are shown. */
function tableOptions(listing: Listing): TableOptions {
  return {
    show: {
      items: (items, { server }) => {
        const isPart = listing.extentOf(String(server)) === "part";
        return `${showKnown(String)(items)}${isPart ? "+" : ""}`;
      },
      share: showKnown((share) => showShare(share, 1)),
      bytes: showKnown(showSize),
      byRing: showKnown(String),
      shareByRing: showKnown((share) => showShare(share, 1)),
    },
  };
}

function placedSentences(listing: Listing, { placed, moving }: Placed): string[] {
  const of = `${moving} of ${countOf(placed, "key")}`;
  const part = showShare(moving, placed);
  const sentence = `${of} (${part}) are on another server than this ring looks on`;
  const other = listing.count - placed;
  if (other === 0) return [sentence];
  return [sentence, `not placed: ${countOf(other, "key")} of other bytes than UTF-8`];
}

/** What a server holds, as far as it was listed; `null` where nothing was. */
function heldBy({ items, bytes }: ServerTotals, extent: ListedExtent, listing: Listing): Row {
  if (extent === "nothing") return { items: null, share: null, bytes: null };
  return { items, share: items / Math.max(1, listing.count), bytes };
}

/** How many keys the ring looks for on a server. */
function lookedFor({ after }: ServerTotals, { placed }: Placed): Row {
  return { byRing: after, shareByRing: after / Math.max(1, placed) };
}

/** Shows what is not known as a dash. */
function showKnown(show: (value: number) => string): (field: Row[string]) => string {
  return (field) => field === null ? "-" : show(Number(field));
}

/** What a dash in a row means, and figures that are not all. */
function remarkOn(
  { server, items, byRing }: Row,
  fleet: Fleet,
  listing: Listing,
): string | undefined {
  if (listing.extentOf(String(server)) === "part") {
    return `${server} was not listed to the end: it holds more than is shown`;
  }
  if (byRing === null) return `${server} is removed: the ring does not have it`;
  if (items !== null) return undefined;
  return fleet.names.includes(String(server))
    ? `${server} was not listed: what it holds is not known`
    : `${server} is added: what it holds was not asked for`;
}

function count(
  { key, server, size }: ItemMetadata,
  target: Client,
  totals: ReadonlyMap<string, ServerTotals>,
  counted: Placed,
): void {
  const total = totals.get(server);
  if (total !== undefined) {
    total.items++;
    total.bytes += size;
  }
  // How clients hash the bytes of other keys is not known.
  if (!isUtf8(key) || !isReachable(key)) return;
  const { server: wanted } = target.locate(key);
  counted.placed++;
  if (wanted !== server) counted.moving++;
  const after = totals.get(wanted);
  if (after !== undefined) after.after++;
}

function changedList(fleet: Fleet, { add, remove }: BalanceOptions): readonly ServerAddress[] {
  const removed = remove?.split(",").map((name) => name.trim()) ?? [];
  for (const name of removed) {
    if (!fleet.names.includes(name)) throw noSuchServer(name, fleet.names);
  }
  const names = fleet.namesOfAddresses;
  const kept = fleet.addresses.filter((_, i) => !removed.includes(names[i] ?? ""));
  const added = add === undefined ? [] : serversFromEnv({ MEMCACHED_SERVERS: add });
  if (kept.length + added.length === 0) throw new UsageFault("there would be no server left");
  return [...kept, ...added];
}
