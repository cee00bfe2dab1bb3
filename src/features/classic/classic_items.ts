/** What is known of items, and their marks, by commands that every server knows. @module */

import { type OperationOptions, operationOptions } from "../../commands/operation_options.ts";
import type { Session } from "../../commands/session.ts";
import { extend } from "../../commands/store.ts";
import { ClientException } from "../../errors.ts";
import type { ItemInfo } from "../../protocol/commands/meta.ts";
import type { StoredItem } from "../../transcoding/item_codec.ts";
import { backoff, pause } from "../../waiting.ts";
import { readTied, storeTied } from "../tied_cas.ts";
import { type Place, placeOf } from "./classic_leases.ts";
import { Marks } from "./marks.ts";

/** How often something is tried again that others were faster than. */
const MOST_ATTEMPTS = 25;

/** Tells what `gets` tells of an item. */
export async function inspect(
  session: Session,
  key: string,
  options: OperationOptions | undefined,
): Promise<ItemInfo | undefined> {
  const place = placeOf(session, key, options);
  const found = await readTied<StoredItem>(place.session, key, options);
  if (found === undefined) return undefined;
  const { value: { flags, data }, cas } = found;
  return { flags, size: data.byteLength, cas };
}

/**
 * Marks a value as stale; resolves to whether it existed.
 *
 * The value gets another cas unique first, so that nobody stores in its place what was computed before. Then its mark
 * names that one.
 */
export async function invalidate(
  session: Session,
  key: string,
  { staleFor, ...rest }: OperationOptions & { readonly staleFor?: number },
): Promise<boolean> {
  const options = operationOptions(rest);
  const place = placeOf(session, key, options);
  if (staleFor !== undefined && !await storeAgain(place, staleFor)) return false;
  // Nothing is added: the item stays as it is, its exptime too, under another cas unique.
  if (!await extend(session, "append", key, "", options)) return false;
  await markStale(place, staleFor ?? 0);
  return true;
}

/** Stores an item as it is, for another time; resolves to whether there was one. */
async function storeAgain(place: Place, exptime: number): Promise<boolean> {
  const { session, key, options } = place;
  for (let attempt = 0;; attempt++) {
    const found = await readTied<StoredItem>(session, key, options);
    if (found === undefined) return false;
    const { value, cas, carrier } = found;
    const outcome = await storeTied(session, key, { ...value, exptime, cas, carrier }, options);
    if (outcome !== "exists") return outcome === "stored";
    await pauseAfter(attempt, place);
  }
}

/** Marks the item that there is now: all that comes later was computed since. */
async function markStale(place: Place, exptime: number): Promise<void> {
  const { session, key, options } = place;
  const marks = new Marks(session, key, options);
  for (let attempt = 0;; attempt++) {
    const [item, read] = await Promise.all([
      readTied<StoredItem>(session, key, options),
      marks.read(),
    ]);
    if (item === undefined) return;
    const isStale = read.mark?.cas === item.cas && read.mark.freshness === undefined;
    if (isStale || await marks.put({ cas: item.cas }, read, exptime)) return;
    await pauseAfter(attempt, place);
  }
}

async function pauseAfter(attempt: number, { session, key, options }: Place): Promise<void> {
  if (attempt >= MOST_ATTEMPTS) {
    const why = `others changed it during each of ${attempt} attempts`;
    throw new ClientException(`Cannot invalidate key "${key}": ${why}`, key);
  }
  await pause(session.settings.clock, backoff(attempt), options?.signal);
}
