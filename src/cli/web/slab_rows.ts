/** The slab classes of a server, as the page shows them. @module */

import type { Look } from "../doctor/advice.ts";
import { isRestarted } from "../figures.ts";
import { itemClasses, numberIn, slabClasses, slabNumbers } from "../snapshot.ts";

/** A slab class: the items of one size. What a server does not say is `null`. */
export interface SlabRow {
  readonly slab: number;
  readonly chunkSize: number | null;
  readonly pages: number | null;
  readonly items: number | null;
  /** The used part of its chunks, 0 to 1. */
  readonly fill: number | null;
  readonly freeChunks: number | null;
  /** Seconds since the item was used that would be evicted next. */
  readonly age: number | null;
  readonly evicted: number | null;
  /** How many of those had never been read. */
  readonly evictedUnfetched: number | null;
  readonly evictionsPerSecond: number | null;
}

/** The slab classes of a server, and what has happened since an earlier look. */
export function slabRows({ before, now }: Look): SlabRow[] {
  const slabs = slabClasses(now.slabs ?? {});
  const items = itemClasses(now.items ?? {});
  const former = itemClasses(before?.items ?? {});
  const seconds = before === undefined ? 0 : (now.at - before.at) / 1000;
  const isSame = before?.items !== undefined && !isRestarted(before.stats, now.stats);
  return slabNumbers(items, slabs).map((name): SlabRow => {
    const [slab, item] = [slabs.get(name), items.get(name)];
    const [used, total] = [numberIn(slab, "used_chunks"), numberIn(slab, "total_chunks")];
    const evicted = numberIn(item, "evicted") ?? null;
    const grown = (evicted ?? 0) - (numberIn(former.get(name), "evicted") ?? 0);
    return {
      slab: Number(name),
      chunkSize: numberIn(slab, "chunk_size") ?? null,
      pages: numberIn(slab, "total_pages") ?? null,
      items: numberIn(item, "number") ?? null,
      fill: used === undefined || !total ? null : used / total,
      freeChunks: numberIn(slab, "free_chunks") ?? null,
      age: numberIn(item, "age") ?? null,
      ...{ evicted, evictedUnfetched: numberIn(item, "evicted_unfetched") ?? null },
      evictionsPerSecond: isSame && seconds > 0 ? Math.max(0, grown) / seconds : null,
    };
  });
}
