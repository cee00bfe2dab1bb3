/** What an adapter stores: values under any strings, which are cleared and listed together. @module */

import { type Client, type Exptime, type Namespace, ValidationException } from "../../mod.ts";
import { isHashed, itemKeyOf, textOfItemKey } from "./item_key.ts";

/** The longest key of memcached, less the digits of a generation and the colon behind them. */
const ROOM = 250 - 21;
/** So that there is room for more in a prefix, and for a hashed key behind it. */
const LONGEST_PREFIX = 50;

/**
 * Checks what a user wants all keys to begin with.
 *
 * @throws {ValidationException} When it is not 1 to 50 characters, each from `!` to `~`.
 */
export function checkPrefix(prefix: unknown): string {
  if (typeof prefix === "string" && /^[!-~]+$/.test(prefix) && prefix.length <= LONGEST_PREFIX) {
    return prefix;
  }
  const why = `it must be 1 to ${LONGEST_PREFIX} characters, each from ! to ~`;
  throw new ValidationException(`Cannot use prefix ${JSON.stringify(prefix)}: ${why}`, prefix);
}

/**
 * A namespace of a client whose keys are any strings. Where a key had to be hashed, its item holds the
 * key beside the value, so that it can be listed.
 */
export class Keyspace {
  readonly #client: Client;
  readonly #namespace: Namespace;
  readonly #longest: number;

  /** @param prefix What all keys in memcached begin with, up to 180 characters. */
  constructor(client: Client, prefix: string) {
    this.#client = client;
    this.#namespace = client.namespace(prefix);
    this.#longest = ROOM - prefix.length;
  }

  async get(key: string): Promise<unknown> {
    const itemKey = await itemKeyOf(key, this.#longest);
    return valueOf(itemKey, await this.#namespace.get(itemKey));
  }

  /** Gets the values of many keys, in the order of the keys, `undefined` for those that do not exist. */
  async getMany(keys: readonly string[]): Promise<unknown[]> {
    const itemKeys = await this.#itemKeys(keys);
    const items = await this.#namespace.getMany(itemKeys);
    return itemKeys.map((itemKey) => valueOf(itemKey, items.get(itemKey)));
  }

  async set(key: string, value: unknown, exptime?: Exptime): Promise<void> {
    const itemKey = await itemKeyOf(key, this.#longest);
    await this.#namespace.set(itemKey, isHashed(itemKey) ? [key, value] : value, exptime);
  }

  async delete(key: string): Promise<boolean> {
    return await this.#namespace.delete(await itemKeyOf(key, this.#longest));
  }

  /** Deletes many keys; resolves to whether each existed, in the order of the keys. */
  async deleteMany(keys: readonly string[]): Promise<boolean[]> {
    const itemKeys = await this.#itemKeys(keys);
    const existed = await this.#namespace.deleteMany(itemKeys);
    return itemKeys.map((itemKey) => existed.get(itemKey)!);
  }

  /** Makes all keys miss, in one round trip. */
  async clear(): Promise<void> {
    await this.#namespace.invalidateAll();
  }

  /** Lists the keys that begin with a text: memcached lists all it has, whosever it is. */
  async *keys(start = ""): AsyncGenerator<string, void, undefined> {
    const { prefix } = this.#namespace;
    const generation = await this.#client.incr(`${prefix}~moecache-generation`, 0n);
    if (generation === undefined) return;
    const seen = new Set<string>();
    for await (const { key: listed, exptime } of this.#client.items()) {
      const isCurrent = listed.startsWith(`${prefix}${generation}:`);
      if (!isCurrent || seen.has(listed) || isPast(exptime)) continue;
      // An item that memcached moves between its queues meanwhile may be listed twice.
      seen.add(listed);
      const key = await this.#keyOf(listed.slice(`${prefix}${generation}:`.length));
      if (key?.startsWith(start)) yield key;
    }
  }

  async #keyOf(itemKey: string): Promise<string | undefined> {
    if (!isHashed(itemKey)) return textOfItemKey(itemKey);
    const [key] = await this.#namespace.get<[string, unknown]>(itemKey) ?? [];
    return key;
  }

  async #itemKeys(keys: readonly string[]): Promise<string[]> {
    return await Promise.all(keys.map((key) => itemKeyOf(key, this.#longest)));
  }
}

/** The value in an item, which has its key beside it where that is hashed. */
function valueOf(itemKey: string, item: unknown): unknown {
  return isHashed(itemKey) && item !== undefined ? (item as [string, unknown])[1] : item;
}

function isPast(exptime: Date | undefined): boolean {
  return exptime !== undefined && exptime.getTime() <= Date.now();
}
