/** Reads and invalidates items with classic commands, which every server knows. @module */

import { type OperationOptions, operationOptions } from "../../commands/operation_options.ts";
import type { Session } from "../../commands/session.ts";
import { extend } from "../../commands/store.ts";
import { ClientException } from "../../errors.ts";
import type { ItemInfo } from "../../protocol/commands/meta.ts";
import type { RawItem } from "../../transcoding/item_codec.ts";
import { backoff, pause } from "../../waiting/timers.ts";
import { withExtras } from "../info_extras.ts";
import { isDropped } from "../stub.ts";
import { readTied, storeTied } from "../tied_cas.ts";
import { type RawItems, rawItemsOf } from "./classic_leases.ts";
import { Marks } from "./marks.ts";

/** How often an operation is retried when other clients are faster. */
const MOST_ATTEMPTS = 25;

/** Gets the data about an item that `gets` returns. */
export async function inspect(
  session: Session,
  key: string,
  options: OperationOptions | undefined,
): Promise<ItemInfo | undefined> {
  const items = rawItemsOf(session, key, options);
  const [{ mark }, found] = await Promise.all([
    new Marks(items.session, key, options).read(),
    readTied<RawItem>(items.session, key, options),
  ]);
  if (found === undefined) return undefined;
  const { value: { flags, data }, cas, carrier } = found;
  const isStale = mark?.cas === cas && mark.freshness === undefined;
  return withExtras({ flags, size: data.byteLength, cas }, { carrier, isStale });
}

/**
 * Marks a value as stale; resolves to whether it existed.
 *
 * First the value gets a new cas unique, so that a value that was computed before cannot replace it. Then a mark with
 * this cas unique is stored.
 */
export async function invalidate(
  session: Session,
  key: string,
  { staleFor, ...rest }: OperationOptions & { readonly staleFor?: number | undefined },
): Promise<boolean> {
  const options = operationOptions(rest);
  const items = rawItemsOf(session, key, options);
  if (staleFor !== undefined && !await storeAgain(items, staleFor)) return false;
  // Appends nothing: the item and its exptime do not change, but its cas unique does.
  if (!await extend(session, "append", key, "", options)) return false;
  try {
    // A value that only seems to be absent would stay without a mark.
    await markStale(rawItemsOf(session, key, { ...options, failover: "error" }), staleFor ?? 0);
    return true;
  } catch (error) {
    if (isDropped(session, options, error)) return false;
    throw error;
  }
}

/** Stores the same item with another exptime; resolves to whether it existed. */
async function storeAgain(items: RawItems, exptime: number): Promise<boolean> {
  const { session, key, options } = items;
  for (let attempt = 0;; attempt++) {
    const found = await readTied<RawItem>(session, key, options);
    if (found === undefined) return false;
    const { value, cas, carrier } = found;
    const outcome = await storeTied(session, key, { ...value, exptime, cas, carrier }, options);
    if (outcome !== "exists") return outcome === "stored";
    await pauseAfter(attempt, items);
  }
}

/** Marks the current item. Later items were computed after the invalidation. */
async function markStale(items: RawItems, exptime: number): Promise<void> {
  const { session, key, options } = items;
  const marks = new Marks(session, key, options);
  for (let attempt = 0;; attempt++) {
    const [read, item] = await marks.readWithItem();
    if (item === undefined) return;
    const isStale = read.mark?.cas === item.cas && read.mark.freshness === undefined;
    if (isStale || await marks.put({ cas: item.cas }, read, exptime)) return;
    await pauseAfter(attempt, items);
  }
}

async function pauseAfter(attempt: number, { session, key, options }: RawItems): Promise<void> {
  if (attempt >= MOST_ATTEMPTS) {
    const why = `other clients changed it in each of ${attempt} attempts`;
    throw new ClientException(`Cannot invalidate key "${key}": ${why}`, key);
  }
  await pause(session.settings.clock, backoff(attempt), options?.signal);
}
