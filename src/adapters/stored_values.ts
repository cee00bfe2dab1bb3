/** Values under arbitrary strings that can be cleared and listed together. @module */

import { type KeyCommands, Namespace } from "../../mod.ts";
import { partialError, partsOf, renamed, renameKeys } from "../views/partial_errors.ts";
import { checkList } from "./adapter_options.ts";
import { itemFormat, type StoredValue } from "./item_format.ts";
import { ItemRoom } from "./item_room.ts";
import {
  EMPTY,
  exptimeOf,
  isHashed,
  keysBehind,
  onItem,
  textOfItemKey,
} from "./key_and_exptime.ts";

/** A namespace whose keys may be any strings, and whose values use the adapters' item format. */
export class StoredValues {
  readonly #commands: KeyCommands;
  readonly #namespace: Namespace;
  readonly #room: ItemRoom;

  /** @param prefix The prefix of all keys in memcached, up to 100 characters. */
  constructor(commands: KeyCommands, prefix: string) {
    this.#commands = commands;
    // In this order: views write the counter of the generation by the transcoder of what they are given.
    this.#namespace = new Namespace(commands, prefix).withTranscoder(itemFormat);
    this.#room = new ItemRoom(this.#namespace, commands);
  }

  async get(key: string): Promise<unknown> {
    return await onItem(key, this.#itemKeyOf(key), async (itemKey) => {
      return valueOf(await this.#namespace.get<StoredValue>(itemKey));
    });
  }

  /** Gets the values of many keys, in the order of the keys, `undefined` for those that do not exist. */
  async getMany(keys: readonly string[]): Promise<unknown[]> {
    const names = await this.#namesOf(keys);
    const items = await partsOf(this.#namespace.getMany<StoredValue>(names.keys()), names);
    const results = new Map<string, unknown>();
    for (const [key, item] of items.results) {
      const value = valueOf(item);
      if (value !== undefined) results.set(key, value);
    }
    const { failures } = items;
    if (failures.size > 0) throw partialError("get", { failures, results, count: names.size });
    return keys.map((key) => results.get(key));
  }

  /**
   * Stores a value.
   *
   * @param value A copy of the caller's value: it is encoded later.
   * @param expires When the value expires, in milliseconds since 1970; `Infinity` means never.
   */
  async set(key: string, value: unknown, expires: number): Promise<void> {
    await onItem(key, this.#itemKeyOf(key), async (itemKey) => {
      const stored: StoredValue = {
        value,
        ...(isHashed(itemKey) ? { key } : {}),
        ...(expires === Infinity ? {} : { expires }),
      };
      await this.#namespace.set(itemKey, stored, exptimeOf(expires - Date.now()));
    });
  }

  async delete(key: string): Promise<boolean> {
    return await onItem(key, this.#itemKeyOf(key), (itemKey) => this.#namespace.delete(itemKey));
  }

  /** Deletes many keys; resolves to whether each existed, in the order of the keys. */
  async deleteMany(keys: readonly string[]): Promise<boolean[]> {
    const names = await this.#namesOf(keys);
    try {
      const existed = renameKeys(await this.#namespace.deleteMany(names.keys()), names);
      return keys.map((key) => existed.get(key) ?? false);
    } catch (error) {
      throw renamed(error, "delete", names);
    }
  }

  /** Makes all keys miss, in one round trip. */
  async clear(): Promise<void> {
    await this.#namespace.invalidateAll();
  }

  /** Lists the keys that begin with a text. */
  async *keys(start = ""): AsyncGenerator<string, void, undefined> {
    const prefix = await this.#namespace.currentPrefix();
    for await (const listed of keysBehind(this.#commands, prefix)) {
      const key = await this.#keyOf(listed.slice(prefix.length));
      if (key?.startsWith(start)) yield key;
    }
  }

  async #keyOf(itemKey: string): Promise<string | undefined> {
    if (itemKey === EMPTY) return "";
    if (!isHashed(itemKey)) return textOfItemKey(itemKey);
    const stored = await this.#namespace.get<StoredValue>(itemKey);
    return stored?.key;
  }

  #itemKeyOf(key: string): string | Promise<string> {
    return key === "" ? EMPTY : this.#room.keyOf(key);
  }

  /** The caller's keys by those of their items. */
  async #namesOf(keys: readonly string[]): Promise<Map<string, string>> {
    return new Map(
      await Promise.all(
        checkList("keys", keys).map(async (key) => {
          return [await this.#itemKeyOf(key), key] as const;
        }),
      ),
    );
  }
}

/**
 * Waits for the operations of many keys.
 *
 * @param action The operation, for the message.
 * @throws As {@linkcode failureOfSome} says, when all have ended.
 */
export async function forEachKey(
  action: string,
  keys: readonly string[],
  operate: (key: string, i: number) => Promise<unknown>,
): Promise<void> {
  const outcomes = await Promise.allSettled(keys.map(operate));
  if (outcomes.some(({ status }) => status === "rejected")) {
    throw failureOfSome(action, keys, outcomes);
  }
}

/**
 * The error of operations on many keys when some have failed: it names their keys, and has the results of the
 * others. With one key only, its own error.
 *
 * @param outcomes What has become of each key.
 */
export function failureOfSome(
  action: string,
  keys: readonly string[],
  outcomes: readonly PromiseSettledResult<unknown>[],
): unknown {
  const failures = new Map<string, unknown>();
  const results = new Map<string, unknown>();
  for (const [i, outcome] of outcomes.entries()) {
    const key = keys[i] ?? "";
    if (outcome.status === "rejected") failures.set(key, outcome.reason);
    else results.set(key, outcome.value ?? true);
  }
  for (const key of failures.keys()) results.delete(key);
  const [only] = failures.values();
  return keys.length === 1 ? only : partialError(action, { failures, results });
}

/** The value of an item, or `undefined` if it has expired: memcached itself counts whole seconds only. */
export function valueOf(stored: StoredValue | undefined): unknown {
  return (stored?.expires ?? Infinity) > Date.now() ? stored?.value : undefined;
}
