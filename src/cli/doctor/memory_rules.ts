/** Rules about memory: what is evicted, what is stored without need, what does not fit. @module */

import { showDuration, showShare, showSize } from "../quantities.ts";
import { numberIn } from "../snapshot.ts";
import type { Advice, Look, ServerRule, Severity } from "./advice.ts";
import { growthOf, secondsOf, shareOf, type SlabClass, slabClassesOf } from "./looks.ts";

/** Items that were used within this many seconds are missed when they are evicted. */
const LATELY = 3600;
/** This many evictions a second since the start are more than a few. */
const OFTEN = 0.01;
/** A slab class whose memory is free to this part has some to give. */
const MUCH_FREE = 0.3;
/** This part of items that were never read is much. */
const MUCH_UNREAD = 0.3;
/** This part of stores that make room themselves is much. */
const MUCH_RECLAIMED = 0.5;

/** The rules about memory. */
export const MEMORY_RULES: readonly ServerRule[] = [
  evictions,
  evictedUnfetched,
  expiredUnfetched,
  directReclaims,
  hashTable,
  tooLarge,
  noMemory,
];

/** Evictions that another slab class could prevent, or only more memory. */
function evictions(look: Look): Advice[] {
  const { now: { server } } = look;
  if (look.now.items === undefined) return evictionsOfAll(look);
  const classes = slabClassesOf(look);
  const [worst] = classes.filter((each) => fetchedOf(each) > 0)
    .toSorted((a, b) => Number(b.evictsNow) - Number(a.evictsNow) || fetchedOf(b) - fetchedOf(a));
  if (worst === undefined) return [];
  const { id, evicted, evictedUnfetched, evictedTime } = worst;
  const severity = severityOf(look, worst.evictsNow);
  const figures = {
    ...{ slab: Number(id), evicted, ["evicted_unfetched"]: evictedUnfetched },
    ["evicted_time"]: evictedTime,
  };
  const [spare] = classes.filter((each) => each !== worst && each.evicted === 0)
    .filter(({ free, freePages }) => free >= MUCH_FREE && freePages > 0)
    .toSorted((a, b) => b.freePages - a.freePages);
  const isLately = evictedTime <= LATELY;
  const what = isLately
    ? `items that were used ${showDuration(evictedTime)} ago`
    : "items that had been read";
  if (spare !== undefined) {
    return [{
      ...{ rule: "slab-balance", server, severity },
      finding: `${nameOf(worst)} ${evicts(worst)} ${what} while ${nameOf(spare)} is ` +
        `${showShare(spare.free, 1)} free`,
      figures: {
        ...figures,
        freeSlab: Number(spare.id),
        free: spare.free,
        freePages: spare.freePages,
      },
      action: moveMemory(look, spare, worst),
    }];
  }
  if (!isLately) return [];
  return [{
    ...{ rule: "evicts-used", server, severity, figures },
    finding: `${nameOf(worst)} ${evicts(worst)} ${what}`,
    action: "Give the server more memory (-m) or add a server, or store less: shorter lifetimes, " +
      "smaller values, nothing that is not read",
  }];
}

/** The same where only the sum over all classes is known. */
function evictionsOfAll(look: Look): Advice[] {
  const all = growthOf(look, "evictions");
  const unread = growthOf(look, "evicted_unfetched");
  const isNow = all.recent > 0;
  const [evicted, unfetched] = isNow ? [all.recent, unread.recent] : [all.total, unread.total];
  if (evicted <= unfetched) return [];
  return [{
    ...{ rule: "evicts-used", server: look.now.server, severity: severityOf(look, isNow) },
    finding: `${plural(evicted - unfetched, "item")} evicted that had been read`,
    figures: { evictions: evicted, ["evicted_unfetched"]: unfetched },
    action: "Give the server more memory (-m) or add a server, or store less",
  }];
}

function fetchedOf({ evicted, evictedUnfetched }: SlabClass): number {
  return evicted - evictedUnfetched;
}

function evicts({ evictsNow }: SlabClass): string {
  return evictsNow ? "evicts" : "has evicted";
}

function nameOf({ id, chunkSize }: SlabClass): string {
  return `slab ${id}${chunkSize === 0 ? "" : ` (${showSize(chunkSize)})`}`;
}

/** Evictions are a warning while they go on, and where there were many. */
function severityOf(look: Look, isNow: boolean): Severity {
  const uptime = numberIn(look.now.stats, "uptime") ?? 0;
  const { total } = growthOf(look, "evictions");
  return isNow || total / Math.max(1, uptime) >= OFTEN ? "warning" : "notice";
}

function moveMemory({ now: { settings } }: Look, from: SlabClass, to: SlabClass): string {
  const byHand = `slabs reassign ${from.id} ${to.id}`;
  if (settings?.slab_reassign === "no") {
    return "Start memcached with -o slab_reassign,slab_automove, so that memory can move";
  }
  return settings?.slab_automove === "0"
    ? `Send "slabs automove 1", so that memory moves by itself, or move pages with "${byHand}"`
    : `Wait for the page mover, or move pages now with "${byHand}"`;
}

function evictedUnfetched(look: Look): Advice[] {
  const found = shareOf(look, "evicted_unfetched", "evictions");
  if (found === undefined || found.share < MUCH_UNREAD) return [];
  return [{
    ...{ rule: "evicted-unfetched", server: look.now.server },
    severity: found.isRecent ? "warning" : "notice",
    finding: `${showShare(found.share, 1)} of the evicted items had never been read`,
    figures: { ["evicted_unfetched"]: found.part, evictions: found.of, share: found.share },
    action: "Do not store what is not read; `moecache prefixes` shows which keys these are",
  }];
}

function expiredUnfetched(look: Look): Advice[] {
  // What expires now was stored earlier: only the sums since the start belong together.
  const found = shareOf({ now: look.now }, "expired_unfetched", "total_items");
  if (found === undefined || found.share < MUCH_UNREAD) return [];
  return [{
    ...{ rule: "expired-unfetched", server: look.now.server, severity: "notice" },
    finding: `${showShare(found.share, 1)} of the stored items expired and had never been read`,
    figures: { ["expired_unfetched"]: found.part, ["total_items"]: found.of, share: found.share },
    action: "The lifetime is too long, or the store needless: store on the first read, or let " +
      "such items expire sooner; `moecache prefixes` shows which keys these are",
  }];
}

function directReclaims(look: Look): Advice[] {
  const found = shareOf(look, "direct_reclaims", "cmd_set");
  if (found === undefined || found.share < MUCH_RECLAIMED) return [];
  const isAlone = look.now.settings?.lru_maintainer_thread === "no";
  return [{
    ...{ rule: "direct-reclaims", server: look.now.server },
    severity: found.isRecent ? "warning" : "notice",
    finding: "stores have to free memory themselves, which makes them slower: " +
      `${found.share.toFixed(1)} direct reclaims a store`,
    figures: { ["direct_reclaims"]: found.part, ["cmd_set"]: found.of, share: found.share },
    action: isAlone
      ? "Start memcached with -o lru_maintainer,lru_crawler: then separate threads free memory"
      : "Give the server more memory (-m), or let items expire sooner: the crawler frees those",
  }];
}

function hashTable({ now: { server, stats } }: Look): Advice[] {
  if (stats.hash_is_expanding !== "1") return [];
  const power = numberIn(stats, "hash_power_level") ?? 0;
  return [{
    ...{ rule: "hash-expanding", server, severity: "notice" },
    finding: "the hash table is being doubled: it needs more memory and time for a moment",
    figures: {
      ["hash_power_level"]: power,
      ["hash_bytes"]: numberIn(stats, "hash_bytes") ?? 0,
      ["curr_items"]: numberIn(stats, "curr_items") ?? 0,
    },
    action: `Nothing now; start memcached with -o hashpower=${power + 1} if this happens each ` +
      "time, so that it starts with the larger table",
  }];
}

function tooLarge(look: Look): Advice[] {
  const { total, recent } = growthOf(look, "store_too_large");
  if (total === 0) return [];
  const limit = numberIn(look.now.settings, "item_size_max");
  const size = limit === undefined ? "the largest size" : showSize(limit);
  return [{
    ...{ rule: "too-large", server: look.now.server, severity: recent > 0 ? "warning" : "notice" },
    finding: `${plural(total, "store")} refused: the item was larger than ${size}`,
    figures: {
      ["store_too_large"]: total,
      ...rateOf(look, recent),
      ...limit === undefined ? {} : { ["item_size_max"]: limit },
    },
    action: "Store less under one key, compress values, split them (`largeValues`), or raise the " +
      "limit with -I",
  }];
}

function noMemory(look: Look): Advice[] {
  const { total, recent } = growthOf(look, "store_no_memory");
  if (total === 0) return [];
  const isStrict = look.now.settings?.evictions === "off";
  return [{
    ...{ rule: "no-memory", server: look.now.server },
    severity: recent > 0 ? "critical" : "warning",
    finding: `${plural(total, "store")} refused: there was no memory`,
    figures: { ["store_no_memory"]: total, ...rateOf(look, recent) },
    action: isStrict
      ? "Give the server more memory (-m), or start it without -M, so that it evicts"
      : "Give the server more memory (-m); a slab class without a page cannot evict either",
  }];
}

/** How much has grown between both looks, per second. */
function rateOf(look: Look, recent: number): { readonly perSecond?: number } {
  return recent === 0 ? {} : { perSecond: recent / secondsOf(look) };
}

function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what} was` : `${count} ${what}s were`;
}
