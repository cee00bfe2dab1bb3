/** Items on their way from one server to another: listed in batches, read, and stored. @module */

import {
  type Client,
  type EncodedValue,
  type ItemMetadata,
  rawTranscoder,
  type Transcoder,
} from "../../mod.ts";
import type { DumpedItem } from "./dumped_item.ts";
import type { ItemFilter } from "./item_filter.ts";
import { isPlain } from "./keys_of_bytes.ts";
import type { Listing } from "./listing.ts";

/** How many items, and how many bytes, are asked for or stored together. */
export const MOST_ITEMS = 500;
/** See {@linkcode MOST_ITEMS}. */
export const MOST_BYTES: number = 4 * 1024 * 1024;

const RAW: Transcoder<EncodedValue> = rawTranscoder({ withFlags: true });

/** Items of one server that are asked for together. */
export interface ItemBatch {
  readonly server: string;
  readonly items: readonly ItemMetadata[];
}

/** The items of a list, in batches of one server each. */
export async function* batchesOf(
  listing: Listing,
  isWanted: ItemFilter,
): AsyncGenerator<ItemBatch, void, undefined> {
  let items: ItemMetadata[] = [];
  let server = "";
  let bytes = 0;
  for await (const item of listing.items()) {
    if (!isWanted(item)) continue;
    const isFull = items.length >= MOST_ITEMS || bytes + item.size > MOST_BYTES;
    if (items.length > 0 && (isFull || server !== item.server)) {
      yield { server, items };
      [items, bytes] = [[], 0];
    }
    server = item.server;
    items.push(item);
    bytes += item.size;
  }
  if (items.length > 0) yield { server, items };
}

/** An item as it stands in a dump. */
export function dumped(
  { key, exptime }: ItemMetadata,
  item: EncodedValue | undefined,
): DumpedItem {
  return {
    key,
    exptime: exptime === undefined ? undefined : Math.round(exptime.getTime() / 1000),
    item,
  };
}

/** Reads the flags and bytes of items from their own server. */
export async function readValues(
  client: Client,
  items: readonly ItemMetadata[],
): Promise<Map<string, EncodedValue>> {
  const plain = items.map(({ key }) => key).filter(isPlain);
  const values = await client.withTranscoder(RAW).getMany<EncodedValue>(plain);
  for (const { key } of items) {
    if (isPlain(key)) continue;
    const { value, flags } = await client.meta("mg", btoa(key), ["b", "v", "f"]);
    if (value !== undefined) values.set(key, { flags: Number(flags.f), data: value });
  }
  return values;
}

/** What came of storing an item. */
export type StoreOutcome = "loaded" | "skipped" | "expired";

/** Stores one item; it does no harm to do that twice. */
export async function storeItem(
  client: Client,
  { key, exptime, item }: DumpedItem,
  skipExisting: boolean,
): Promise<StoreOutcome> {
  if (item === undefined) return "skipped";
  if (exptime !== undefined && exptime <= Date.now() / 1000) return "expired";
  if (!isPlain(key)) {
    const flags = ["b", `F${item.flags}`, `T${exptime ?? 0}`, ...(skipExisting ? ["ME"] : [])];
    const { status } = await client.meta("ms", btoa(key), flags, item.data);
    return status === "HD" ? "loaded" : "skipped";
  }
  const expires = exptime === undefined ? 0 : new Date(exptime * 1000);
  const commands = client.withTranscoder(RAW);
  if (skipExisting) return await commands.add(key, item, expires) ? "loaded" : "skipped";
  await commands.set(key, item, expires);
  return "loaded";
}
