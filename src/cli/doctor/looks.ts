/** How the rules read their figures. @module */

import { changeOf, isRestarted } from "../figures.ts";
import { itemClasses, numberIn, slabClasses, slabNumbers, type Snapshot } from "../snapshot.ts";
import type { Stats } from "../../../mod.ts";
import type { Look } from "./advice.ts";

/** Of fewer than this many, a share says nothing. */
const FEW = 100;

/** A counter since the start of the server, and within the time between both looks. */
export interface Growth {
  readonly total: number;
  /** 0 without an earlier look. */
  readonly recent: number;
}

/** How much a counter has grown. */
export function growthOf({ before, now }: Look, statistic: string): Growth {
  const total = numberIn(now.stats, statistic) ?? 0;
  return { total, recent: before === undefined ? 0 : changeOf(before, now, statistic) };
}

/** The part of one counter in another. */
export interface Share {
  readonly part: number;
  readonly of: number;
  /** 0 to 1. */
  readonly share: number;
  /** Whether this is about the time between both looks, and not about all time since the start. */
  readonly isRecent: boolean;
}

/** Which part of one counter another one is: between both looks, if there was enough of it, or since the start. */
export function shareOf(look: Look, part: string, of: string): Share | undefined {
  const [parts, wholes] = [growthOf(look, part), growthOf(look, of)];
  const isRecent = wholes.recent >= FEW;
  const [some, all] = isRecent ? [parts.recent, wholes.recent] : [parts.total, wholes.total];
  return all < FEW ? undefined : { part: some, of: all, share: some / all, isRecent };
}

/** How many seconds there are between both looks. */
export function secondsOf({ before, now }: Look): number {
  return before === undefined ? 0 : Math.max(0.001, (now.at - before.at) / 1000);
}

/** A slab class: the items of one size. */
export interface SlabClass {
  readonly id: string;
  /** The largest size of an item, in bytes; 0 if `stats slabs` is not offered. */
  readonly chunkSize: number;
  /** Free chunks that are as much as a page or more, and not the class's only page: memory that could move. */
  readonly freePages: number;
  /** The free part of its memory, 0 to 1. */
  readonly free: number;
  /** Evictions between both looks, if there were any, or since the start; the second are those never read. */
  readonly evicted: number;
  readonly evictedUnfetched: number;
  /** Seconds between the last use and the eviction of the last item that was evicted. */
  readonly evictedTime: number;
  readonly evictsNow: boolean;
}

/** The slab classes of a server; none if `stats items` is not offered. */
export function slabClassesOf({ before, now }: Look): readonly SlabClass[] {
  const items = itemClasses(now.items ?? {});
  const former = itemClasses(before?.items ?? {});
  const slabs = slabClasses(now.slabs ?? {});
  return slabNumbers(items, slabs).map((id) => {
    const growth = (name: string): Growth => {
      const total = numberIn(items.get(id), name) ?? 0;
      const last = numberIn(former.get(id), name) ?? 0;
      return { total, recent: hasSameCounters(before, now) ? Math.max(0, total - last) : 0 };
    };
    const [evicted, unfetched] = [growth("evicted"), growth("evicted_unfetched")];
    const evictsNow = evicted.recent > 0;
    return {
      id,
      ...memoryOf(slabs.get(id)),
      evicted: evictsNow ? evicted.recent : evicted.total,
      evictedUnfetched: evictsNow ? unfetched.recent : unfetched.total,
      evictedTime: numberIn(items.get(id), "evicted_time") ?? 0,
      evictsNow,
    };
  });
}

/** Whether the counters of the slab classes of both looks can be compared. */
function hasSameCounters(before: Snapshot | undefined, now: Snapshot): boolean {
  return before?.items !== undefined && !isRestarted(before.stats, now.stats);
}

function memoryOf(slab: Stats | undefined) {
  const [chunkSize = 0, free = 0, all = 0, perPage = 0, pages = 0] = [
    "chunk_size",
    "free_chunks",
    "total_chunks",
    "chunks_per_page",
    "total_pages",
  ]
    .map((name) => numberIn(slab, name));
  const freePages = perPage === 0 ? 0 : Math.min(pages - 1, Math.floor(free / perPage));
  return { chunkSize, freePages: Math.max(0, freePages), free: all === 0 ? 0 : free / all };
}
