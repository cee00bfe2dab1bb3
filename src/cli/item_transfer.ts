/** Items on their way from one server to another: listed in batches, read, and stored. @module */

import { ClientException, type EncodedValue, type ItemMetadata } from "../../mod.ts";
import type { DumpedItem } from "./dumped_item.ts";
import type { Fleet } from "./fleet.ts";
import type { ItemFilter } from "./item_filter.ts";
import { isSendable, withShownKeys } from "./keys_of_bytes.ts";
import { isRefusalOfBase64, metaInBase64, RAW } from "./listed_items.ts";
import type { Listing } from "./listing.ts";
import { say } from "./messages.ts";
import { retried } from "./retried.ts";
import { inTime, type Terminal } from "./terminal.ts";
import { messageOf } from "./usage.ts";

/** How many items, and how many bytes, are asked for or stored together. */
export const MOST_ITEMS = 500;
/** See {@linkcode MOST_ITEMS}. */
export const MOST_BYTES: number = 4 * 1024 * 1024;

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

/** Those items of a list that a command can ask for. The first other one is reported. */
export function reachable(listing: Listing, isWanted: ItemFilter): ItemFilter {
  return (item) => isWanted(item) && listing.canReach(item.key, item.server);
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

/**
 * Reads items of a list from their own server, which may be away for a while; if it fails, its rest is left out.
 *
 * @returns The values of those that are still there; `undefined` for one that this server cannot be asked for.
 */
export async function valuesOf(
  fleet: Fleet,
  batch: ItemBatch,
  listing: Listing,
  terminal: Terminal,
): Promise<ReadonlyMap<string, EncodedValue | undefined>> {
  const { server } = batch;
  if (listing.isAbandoned(server)) return new Map();
  try {
    return await inTime(
      terminal,
      retried(terminal, terminal.interrupted, () => readValues(fleet, batch, listing)),
    );
  } catch (error) {
    listing.abandon(server, withShownKeys(error, batch.items.map(({ key }) => key)));
    return new Map();
  }
}

/** Reads the flags and bytes of items. */
async function readValues(
  fleet: Fleet,
  { server, items }: ItemBatch,
  listing: Listing,
): Promise<Map<string, EncodedValue | undefined>> {
  const keys = items.map(({ key }) => key);
  const others = new Map<string, EncodedValue | undefined>();
  const readOther = async (key: string) => {
    try {
      const request = { verb: "mg", key, flags: ["v", "f"], server } as const;
      const { value, flags } = await metaInBase64(fleet, request);
      if (value !== undefined) others.set(key, { flags: Number(flags.f), data: value });
    } catch (error) {
      listing.leaveOut(key, error);
      others.set(key, undefined);
    }
  };
  const [values] = await Promise.all([
    fleet.at(server).withTranscoder(RAW).getMany<EncodedValue>(keys.filter(isSendable)),
    ...keys.filter((key) => !isSendable(key)).map(readOther),
  ]);
  return new Map([...values, ...others]);
}

/** What came of storing an item. */
type StoreOutcome = "loaded" | "skipped" | "expired" | "refused";

/** How many items were stored, were there already, had expired, and were refused. */
export type StoreCounts = Readonly<Record<StoreOutcome, number>>;

/** The options of an {@linkcode ItemStore}. */
interface ItemStoreOptions {
  /** Keeps what is there already; `false` by default. */
  readonly skipExisting?: boolean | undefined;
}

/** Stores items on their servers, which may be away for a while, and counts what came of it. */
export class ItemStore {
  readonly #fleet: Fleet;
  readonly #terminal: Terminal;
  readonly #skipExisting: boolean;
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  readonly #counts: Record<StoreOutcome, number> = {
    loaded: 0,
    skipped: 0,
    expired: 0,
    refused: 0,
  };

  constructor(fleet: Fleet, terminal: Terminal, { skipExisting = false }: ItemStoreOptions = {}) {
    this.#fleet = fleet;
    this.#terminal = terminal;
    this.#skipExisting = skipExisting;
    this.#signal = AbortSignal.any([terminal.interrupted, this.#ended.signal]);
  }

  /** What came of the items so far. */
  get counts(): StoreCounts {
    return this.#counts;
  }

  /** Stores an item. If the server refuses this one, as too large, that is counted, and the first is reported. */
  async store(item: DumpedItem): Promise<void> {
    try {
      const stored = () => storeItem(this.#fleet, item, this.#skipExisting);
      this.#counts[await retried(this.#terminal, this.#signal, stored)]++;
    } catch (fault) {
      const error = withShownKeys(fault, [item.key]);
      if (!isRefusalOfItem(error) && !isRefusalOfBase64(error, item.key)) {
        // What ends this ends the other items that wait for a server.
        this.#ended.abort();
        throw error;
      }
      if (this.#counts.refused++ === 0) say(this.#terminal, messageOf(error));
    }
  }

  /** Counts an item that is not there any more. */
  noteExpired(): void {
    this.#counts.expired++;
  }
}

/** Whether another item may be stored all the same. */
function isRefusalOfItem(error: unknown): boolean {
  return error instanceof ClientException && typeof error.item === "string" &&
    error.item.startsWith("SERVER_ERROR ");
}

/** Stores one item; it does no harm to do that twice. */
async function storeItem(
  fleet: Fleet,
  { key, exptime, item }: DumpedItem,
  skipExisting: boolean,
): Promise<StoreOutcome> {
  if (item === undefined) return "skipped";
  if (exptime !== undefined && exptime <= Date.now() / 1000) return "expired";
  if (!isSendable(key)) {
    const flags = [`F${item.flags}`, `T${exptime ?? 0}`, ...(skipExisting ? ["ME"] : [])];
    const { status } = await metaInBase64(fleet, { verb: "ms", key, flags, value: item.data });
    return status === "HD" ? "loaded" : "skipped";
  }
  const expires = exptime === undefined ? 0 : new Date(exptime * 1000);
  const commands = fleet.client.withTranscoder(RAW);
  if (skipExisting) return await commands.add(key, item, expires) ? "loaded" : "skipped";
  await commands.set(key, item, expires);
  return "loaded";
}
