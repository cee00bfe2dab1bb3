/** Items from one deployment to another, and whether they are the same in both. @module */

import type { ItemMetadata } from "../../../mod.ts";
import type { Command } from "commander";
import { define, type GlobalOptions, type Job, type Runner } from "../definition.ts";
import { Fleet } from "../fleet.ts";
import { filterOf } from "../item_filter.ts";
import {
  batchesOf,
  dumped,
  type ItemBatch,
  type ItemStore,
  reachable,
  valuesOf,
} from "../item_transfer.ts";
import { decodedKey, showKey, withShownKeys } from "../keys_of_bytes.ts";
import { type Copied, lookAtCopy } from "../listed_items.ts";
import { Listing } from "../listing.ts";
import { pause } from "../pause.ts";
import { firstLooks, storeUntilKept, watchSources } from "../restarts.ts";
import { retried } from "../retried.ts";
import { codeAtEnd, inTime, type Terminal } from "../terminal.ts";
import { EXIT, UsageFault } from "../usage.ts";

interface BothOptions {
  readonly from?: string;
  readonly to?: string;
  readonly prefix?: string;
}

interface CopyOptions extends BothOptions {
  readonly skipExisting?: boolean;
}

/** How many seconds two lifetimes may differ: each server counts its seconds at other moments. */
const TTL_TOLERANCE = 1;

const BOTH: readonly (readonly [string, string])[] = [
  ["--from <list>", "the servers that are read: host:port,… or URLs"],
  ["--to <list>", "the other servers"],
  ["--prefix <text>", "only keys that begin so"],
];

/** Adds `copy` and `verify`. */
export function addCopyCommands(program: Command, runner: Runner): void {
  define<CopyOptions>(program, runner, {
    usage: "copy",
    summary: "Store every item of some servers on others, with its lifetime, by --ring.",
    options: [...BOTH, ["--skip-existing", "keep what is there already: to go on after a break"]],
    examples: [
      "copy --from 10.0.0.1:11211 --to 10.0.0.2:11211",
      "copy --from 10.0.0.1:11211 --to 10.0.0.2:11211 --ring ketama",
    ],
    run: copy,
  });
  define<BothOptions>(program, runner, {
    usage: "verify",
    summary: "Show the items of some servers that are missing on others, or differ there.",
    options: BOTH,
    examples: ["verify --from 10.0.0.1:11211 --to 10.0.0.1:11211"],
    run: verify,
  });
}

async function copy(job: Job<CopyOptions>): Promise<number> {
  const { options, printer, terminal } = job;
  const isWanted = filterOf(options);
  return await withBoth(options, terminal, async ({ source, target }) => {
    const isAnyRestarted = await watchSources(source, terminal);
    const listings: Listing[] = [];
    const storeAll = async (store: ItemStore, isAgain: boolean) => {
      const what = isAgain ? "copied again" : "copied";
      const listing = new Listing({ fleet: source, terminal, what, asks: true });
      listings.push(listing);
      for await (const batch of batchesOf(listing, reachable(listing, isWanted))) {
        const values = await valuesOf(source, batch, listing, terminal);
        if (listing.isAbandoned(batch.server)) continue;
        const storing = batch.items.map(async (item) => {
          const value = values.get(item.key);
          if (value !== undefined) await store.store(dumped(item, value));
          else if (!values.has(item.key)) store.noteExpired();
        });
        await inTime(terminal, Promise.all(storing));
      }
    };
    const { count, isWhole } = await storeUntilKept({
      ...{ fleet: target, terminal, skipExisting: options.skipExisting, canRepeat: true },
      storeAll,
      print: ({ loaded: copied, ...counts }) => printer.details({ copied, ...counts }),
    });
    if (await isAnyRestarted() || !isWhole) return codeAtEnd(terminal, EXIT.server);
    // Items that are there already are what a second run finds: that is no miss.
    return Math.max(...listings.map((listing) => listing.code(count)));
  });
}

async function verify(job: Job<BothOptions>): Promise<number> {
  const { options, printer, terminal } = job;
  const isWanted = filterOf(options);
  return await withBoth(options, terminal, async (both) => {
    const { source, target } = both;
    await firstLooks(target, terminal);
    const isAnyRestarted = await watchSources(source, terminal);
    const listing = new Listing({ fleet: source, terminal, what: "compared", asks: true });
    const comparison = new Comparison(job, both, listing);
    for await (const batch of batchesOf(listing, reachable(listing, isWanted))) {
      await comparison.add(batch);
    }
    await comparison.end();
    const { counts } = comparison;
    // A second kind of record would not fit under the head of CSV.
    if (printer.shape !== "csv") await printer.details({ ...counts });
    if (await isAnyRestarted()) return codeAtEnd(terminal, EXIT.server);
    const same = counts.compared - counts.missing - counts.different;
    return listing.code(same === counts.compared ? counts.compared : 0);
  });
}

/** Compares items, and prints those that differ. */
class Comparison {
  readonly counts = { compared: 0, missing: 0, different: 0 };
  readonly #job: Job<BothOptions>;
  readonly #both: Both;
  readonly #listing: Listing;
  /** What has to be looked at again, the earliest first. */
  readonly #again: SecondLook[] = [];

  constructor(job: Job<BothOptions>, both: Both, listing: Listing) {
    this.#job = job;
    this.#both = both;
    this.#listing = listing;
  }

  /** Compares a batch, and looks again at those that are due. */
  async add(batch: ItemBatch): Promise<void> {
    const doubtful: ItemMetadata[] = [];
    for (const [item, difference] of await this.#differences(batch)) {
      if (difference === DOUBTFUL) doubtful.push(item);
      else await this.#count(item, difference);
    }
    // All lifetimes may differ: to wait after each batch would take minutes.
    const due = performance.now() + SECOND_LOOK;
    if (doubtful.length > 0) this.#again.push({ server: batch.server, items: doubtful, due });
    let [next] = this.#again;
    while (next !== undefined && next.due <= performance.now()) {
      this.#again.shift();
      await this.#lookAgain(next);
      [next] = this.#again;
    }
  }

  /** Looks again at all others. */
  async end(): Promise<void> {
    for (const batch of this.#again) {
      await pause(Math.max(0, batch.due - performance.now()), this.#job.terminal.interrupted);
      await this.#lookAgain(batch);
    }
  }

  /** Compares items once more: what is still doubtful differs. */
  async #lookAgain(batch: ItemBatch): Promise<void> {
    for (const [item, difference] of await this.#differences(batch)) {
      await this.#count(item, difference === DOUBTFUL ? "ttl" : difference);
    }
  }

  /** Counts a compared item, and prints how it differs. */
  async #count(
    item: ItemMetadata,
    difference: Exclude<Difference, typeof DOUBTFUL> | undefined,
  ): Promise<void> {
    if (difference === GONE) return;
    const { counts } = this;
    counts.compared++;
    if (difference === undefined) return;
    counts[difference === "missing" ? "missing" : "different"]++;
    await this.#print(item, difference);
  }

  /** How the items of a batch differ; if its server fails, its rest is left out. */
  async #differences(
    { server, items }: ItemBatch,
  ): Promise<(readonly [ItemMetadata, Difference | undefined])[]> {
    const [listing, { terminal }] = [this.#listing, this.#job];
    if (listing.isAbandoned(server)) return [];
    const ended = new AbortController();
    const signal = AbortSignal.any([terminal.interrupted, ended.signal]);
    const differenceOfItem = async (item: ItemMetadata) => {
      try {
        return await retried(terminal, signal, () => differenceOf(item, this.#both));
      } catch (error) {
        listing.leaveOut(item.key, error);
        return GONE;
      }
    };
    try {
      const comparing = items.map(async (item) => [item, await differenceOfItem(item)] as const);
      return await inTime(terminal, Promise.all(comparing));
    } catch (error) {
      ended.abort();
      listing.abandon(server, withShownKeys(error, items.map(({ key }) => key)));
      return [];
    }
  }

  async #print({ key, server }: ItemMetadata, difference: string): Promise<void> {
    const record = { key: decodedKey(key), difference, server };
    await this.#job.printer.record(record, `${showKey(key)}\t${difference}`);
  }
}

/** An item that has left the source since it was listed. */
const GONE = "gone";
/** One whose lifetime may only seem to differ. */
const DOUBTFUL = "doubtful";
type Difference = typeof GONE | typeof DOUBTFUL | "missing" | "value" | "flags" | "ttl";

/** Seconds by which the clock of a busy server may be late for a moment. */
const LATE_CLOCK = 4;
/** Milliseconds until what may come of that is looked at again. */
const SECOND_LOOK = 1200;

/** Items that are looked at again, and when, in milliseconds. */
interface SecondLook extends ItemBatch {
  readonly due: number;
}

/** How an item differs; `undefined` for not at all. */
async function differenceOf(
  item: ItemMetadata,
  { source, target }: Both,
): Promise<Difference | undefined> {
  const { key, server } = item;
  const [before, after] = await Promise.all([lookAt(source, key, server), lookAt(target, key)]);
  if (before === undefined) return GONE;
  if (after === undefined) return "missing";
  const other = after.data;
  const isSame = before.data.length === other.length &&
    before.data.every((byte, i) => byte === other[i]);
  if (!isSame) return "value";
  if (before.flags !== after.flags) return "flags";
  const seconds = secondsApart(before, after);
  if (seconds <= TTL_TOLERANCE) return undefined;
  return seconds > LATE_CLOCK ? "ttl" : DOUBTFUL;
}

/** How far apart two items expire at least: the answers may have been given seconds apart. */
function secondsApart(one: Look, other: Look): number {
  const { ttl } = one;
  const { ttl: otherTtl } = other;
  // A server that is too old tells no lifetime of some keys.
  if (Number.isNaN(ttl + otherTtl)) return 0;
  // memcached has -1 for what never expires.
  if (ttl < 0 || otherTtl < 0) return ttl === otherTtl ? 0 : Infinity;
  const [earliest, otherEarliest] = [one.asked + ttl, other.asked + otherTtl];
  const [latest, otherLatest] = [one.answered + ttl, other.answered + otherTtl];
  return Math.max(earliest - otherLatest, otherEarliest - latest);
}

/** What a server says of an item, and when, in seconds. */
interface Look extends Copied {
  readonly asked: number;
  readonly answered: number;
}

async function lookAt(fleet: Fleet, key: string, server?: string): Promise<Look | undefined> {
  const asked = performance.now() / 1000;
  const item = await lookAtCopy(fleet, key, server);
  return item && { ...item, asked, answered: performance.now() / 1000 };
}

interface Both {
  readonly source: Fleet;
  readonly target: Fleet;
}

/** The options for servers. If only the other ones are written as `memcacheds://`, `--tls-ca` is not for these. */
function optionsFor(servers: string, others: string, options: GlobalOptions): GlobalOptions {
  const { tlsCa: _, ...plain } = options;
  const speaksTls = (list: string) => list.includes("memcacheds://");
  return { ...(speaksTls(others) && !speaksTls(servers) ? plain : options), servers };
}

/** Opens both deployments, and closes them. */
async function withBoth<Result>(
  options: BothOptions & GlobalOptions,
  terminal: Terminal,
  work: (both: Both) => Promise<Result>,
): Promise<Result> {
  const { from, to, servers, discover } = options;
  if (!from || !to) throw new UsageFault("--from and --to say where the servers are");
  if (servers !== undefined || discover !== undefined) {
    throw new UsageFault("--from and --to take the place of --servers and --discover");
  }
  const source = await Fleet.open(optionsFor(from, to, options), terminal);
  try {
    const target = await Fleet.open(optionsFor(to, from, options), terminal);
    try {
      return await work({ source, target });
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
