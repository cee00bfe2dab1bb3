/** Listing what a memcached holds that moves items about meanwhile. @module */

import type { ItemMetadata } from "../../mod.ts";

/** Milliseconds after which a memcached that still leaves items out does not have them. */
const PATIENCE = 10_000;

/**
 * Lists items until there are so many, by key. memcached before 1.6.9 may leave out what it moves from one of
 * its queues to another at that moment, and what another connection is at.
 */
export async function listed(
  list: () => AsyncIterable<ItemMetadata>,
  count: number,
): Promise<Map<string, ItemMetadata>> {
  const end = performance.now() + PATIENCE;
  while (true) {
    const items = new Map<string, ItemMetadata>();
    for await (const item of list()) items.set(item.key, item);
    if (items.size >= count) return items;
    if (performance.now() > end) throw new Error(`Of ${count} items, ${items.size} are listed`);
  }
}
