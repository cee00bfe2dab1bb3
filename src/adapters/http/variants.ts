/** The entries of an address, one for each variant. @module */

import { type KeyCommands, Namespace } from "../../../mod.ts";
import { exptimeOf, itemKeyOf, keysBehind, roomBehind } from "../key_and_exptime.ts";
import { cacheFormat } from "./bodies.ts";
import { type Entry, isEntry } from "./entry.ts";
import { type ChangeList, Lists, unlessDropped } from "./lists.ts";

/** How many variants of one address are kept: browsers may differ in every request. */
const MOST_VARIANTS = 64;
/** The beginning of the keys of entries, after the prefix and the generation. */
const HEAD = "head:";

/** The variants of all responses of one cache, in one namespace. */
export class Variants {
  readonly #commands: KeyCommands;
  readonly #namespace: Namespace;
  readonly #longest: number;
  readonly #now: () => number;
  readonly #lists: Lists<Entry>;
  /** The latest list of all entries. */
  #reading: Promise<Entry[]> | undefined;
  /** The one after it, which has not begun. */
  #nextReading: Promise<Entry[]> | undefined;

  constructor(commands: KeyCommands, prefix: string, now: () => number) {
    this.#commands = commands;
    // In this order: views write the counter of the generation by the transcoder of what they are given.
    this.#namespace = new Namespace(commands, prefix).withTranscoder(cacheFormat);
    this.#longest = roomBehind(commands, prefix + HEAD);
    this.#now = now;
    this.#lists = new Lists(commands.withTranscoder(cacheFormat), {
      isElement: isEntry,
      exptimeOf: (entries) => exptimeOf(this.#lifetimeOf(entries)),
    });
  }

  /** The prefix of the current generation's keys; `undefined` when writes are dropped. */
  async generation(): Promise<string | undefined> {
    return await unlessDropped(
      () => this.#namespace.currentPrefix(),
      () => this.#namespace.get(HEAD),
    );
  }

  /** Begins a new generation, which has no entries. */
  async clear(): Promise<void> {
    await this.#namespace.invalidateAll();
  }

  /** The entries of an address that may be served. */
  async read(address: string): Promise<Entry[]> {
    return this.#fresh(await this.#lists.read(await this.#key(address), this.#namespace));
  }

  /**
   * The entries of all addresses, in the order in which they were stored. memcached lists all its keys for this, one
   * list at a time. So callers that ask meanwhile share the next list.
   */
  readAll(): Promise<Entry[]> {
    this.#nextReading ??= Promise.allSettled([this.#reading]).then(() => {
      this.#nextReading = undefined;
      return this.#reading = this.#readAll();
    });
    return this.#nextReading;
  }

  async #readAll(): Promise<Entry[]> {
    const reading: Promise<Entry[]>[] = [];
    const generation = await this.#namespace.currentPrefix();
    for await (const key of keysBehind(this.#commands, generation + HEAD)) {
      const entries = this.#lists.read(key);
      // It is waited for below, and may fail before.
      entries.catch(() => {});
      reading.push(entries);
    }
    return this.#fresh((await Promise.all(reading)).flat()).sort((a, b) => a.stored - b.stored);
  }

  /**
   * Changes the entries of an address.
   *
   * @param generation The generation that they belong to. Once a later generation has begun, they cannot be found.
   * @returns The entries that were removed; `undefined` when the change was dropped.
   */
  async change(
    generation: string,
    address: string,
    change: ChangeList<Entry>,
  ): Promise<Entry[] | undefined> {
    let entries: readonly Entry[] = [];
    const key = generation + await this.#key(address);
    const changed = await this.#lists.change(key, (stored) => {
      entries = this.#fresh(stored);
      return change(entries)?.slice(-MOST_VARIANTS);
    });
    return changed && entries.filter((entry) => !changed.after.includes(entry));
  }

  #fresh(entries: readonly Entry[]): Entry[] {
    const now = this.#now();
    return entries.filter(({ expires }) => expires === null || expires > now);
  }

  /** The lifetime of the entry that lives longest; an empty list expires at once. */
  #lifetimeOf(entries: readonly Entry[]): number {
    const now = this.#now();
    const lifetimes = entries.map(({ expires }) => expires === null ? Infinity : expires - now);
    return Math.max(0, ...lifetimes);
  }

  async #key(address: string): Promise<string> {
    return HEAD + await itemKeyOf(address, this.#longest);
  }
}
