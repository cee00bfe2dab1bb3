/** Copies of an item in other places, which follow the item. @module */

import type { Exptime, ItemInfo, KeyCommands, OperationOptions } from "../../mod.ts";
import { extrasOf } from "../features/info_extras.ts";
import {
  isReserved,
  itemTranscoder,
  LEASE_FLAGS,
  type RawItem,
} from "../transcoding/item_codec.ts";
import { remainingExptime } from "./exptimes.ts";
import { withoutSignal } from "./wrapped_commands.ts";

/** Where an item is. */
export interface Place {
  readonly commands: KeyCommands;
  readonly key: string;
  /** What is stored for a stale item, instead of a copy that is stale itself. */
  readonly markStale?: (options: OperationOptions) => Promise<unknown>;
}

/** An item as it was at one moment. */
export interface Snapshot {
  readonly value: unknown;
  readonly info: ItemInfo;
}

/** How often an item is copied again that changes meanwhile, before its copies are deleted instead. */
const MOST_ATTEMPTS = 5;

/** Reads an item and what memcached knows of it; `undefined` when it does not exist or keeps changing. */
async function snapshot(
  { commands, key }: Place,
  options: OperationOptions,
): Promise<Snapshot | undefined> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const [found, info] = await Promise.all([
      commands.gets(key, options),
      commands.inspect(key, options),
    ]);
    if (found === undefined || info === undefined) return undefined;
    if (found.cas === info.cas) return { value: found.value, info };
  }
  return undefined;
}

/**
 * Makes copies follow an item after it has changed, also when others change it at the same time: an item that has
 * changed since it was read is copied again, and the client that changed it copies it after that. So the last one to
 * copy has copied what is there. Copies of an item that is gone are deleted.
 *
 * @param copies Where the copies are.
 * @param maxAge How long a copy lives at most, in seconds; with 0, the copies are deleted.
 * @param stored What the item was stored with, if that is known.
 * @returns What went wrong in each place that could not be reached, in the order of the copies.
 * @throws What reading the item fails with.
 */
export async function publish(
  source: Place,
  copies: readonly Place[],
  maxAge: number,
  options: OperationOptions,
  stored?: Exptime,
): Promise<readonly PromiseSettledResult<unknown>[]> {
  for (let attempt = 0; maxAge > 0 && attempt < MOST_ATTEMPTS; attempt++) {
    const item = await snapshot(source, options);
    if (item === undefined) break;
    const exptime = remainingExptime(item.info, maxAge, stored);
    const outcomes = await Promise.allSettled(copies.map((copy) => {
      return copyTo(copy, item, exptime, options);
    }));
    const now = await source.commands.inspect(source.key, options);
    if (now?.cas === item.info.cas) return outcomes;
  }
  return await Promise.allSettled(copies.map(({ commands, key }) => commands.delete(key, options)));
}

async function copyTo(
  { commands, key, markStale }: Place,
  { info, value }: Snapshot,
  exptime: Exptime,
  options: OperationOptions,
): Promise<void> {
  const isStale = extrasOf(info)?.isStale;
  if (isStale && markStale !== undefined) return void await markStale(options);
  await commands.set(key, value, exptime, options);
  if (isStale) await commands.invalidate(key, options);
}

/**
 * Copies an item to a place where it is missing, unless it changes meanwhile: a change of the copy, by any client that
 * publishes the item, takes the lease under which it is filled. A copy that has been invalidated stays. The copy of a
 * stale item is stale; a place with `markStale` gets none.
 *
 * @returns The value; `undefined` when the item does not exist, or is stale and not copied.
 */
export async function fill(
  source: Place,
  { commands, key, markStale }: Place,
  maxAge: number,
  options: OperationOptions,
): Promise<unknown> {
  // Asked first: mostly, it tells already that there is nothing to copy.
  const info = await source.commands.inspect(source.key, options);
  if (info === undefined) return undefined;
  const isStale = extrasOf(info)?.isStale;
  if (isStale && markStale !== undefined) return undefined;
  const present = await commands.withTranscoder(itemTranscoder).get<RawItem>(key, options);
  if (hasNoValue(present, info)) return undefined;
  // Other callers may wait for the same copy.
  const shared = withoutSignal(options);
  let isLoaded = false;
  const load = async () => {
    // What is there is stale: an old value must not stand there as a new one.
    if (await commands.get(key, shared) !== undefined) return undefined;
    isLoaded = true;
    return await source.commands.get(source.key, shared);
  };
  const exptime = remainingExptime(info, maxAge);
  const value = await commands.getOrSet(key, load, { ...options, exptime });
  if (isStale && isLoaded) await commands.invalidate(key, shared);
  // Another client may have stored the copy meanwhile.
  return value ?? await commands.get(key, options);
}

/**
 * Whether a mark is in the place of a copy: of `lock`, of `once` or of a failed load. The mark of a client that fills the
 * copy does not count: then the item has a value.
 */
function hasNoValue(present: RawItem | undefined, source: ItemInfo): boolean {
  if (present === undefined || !isReserved(present.flags)) return false;
  return present.flags !== LEASE_FLAGS || isReserved(Number(source.flags));
}
