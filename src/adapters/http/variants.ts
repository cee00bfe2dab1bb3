/** What is stored for each address: the entries of its variants. @module */

import { type KeyCommands, Namespace } from "../../../mod.ts";
import { exptimeOf, itemKeyOf, keysBehind, roomBehind } from "../key_and_exptime.ts";
import { type Entry, isEntry } from "./entry.ts";
import { type ChangeList, Lists, unlessDropped } from "./lists.ts";

/** Of a response that varies by what every browser says differently, so many are kept. */
const MOST_VARIANTS = 64;
/** What the keys of entries begin with, behind the prefix and the generation. */
const HEAD = "head:";

/** The variants of the responses of one cache, in a namespace of its own. */
export class Variants {
  readonly #commands: KeyCommands;
  readonly #namespace: Namespace;
  readonly #longest: number;
  readonly #now: () => number;
  readonly #lists: Lists<Entry>;

  /**
   * @param commands What keys are listed with.
   * @param bytes The same, whose values are bytes.
   */
  constructor(commands: KeyCommands, bytes: KeyCommands, prefix: string, now: () => number) {
    this.#commands = commands;
    this.#namespace = new Namespace(bytes, prefix);
    this.#longest = roomBehind(commands, prefix + HEAD);
    this.#now = now;
    this.#lists = new Lists(bytes, {
      isElement: isEntry,
      exptimeOf: (entries) => exptimeOf(this.#lifetimeOf(entries)),
    });
  }

  /** What the keys of the present generation begin with; `undefined` when what is written is dropped. */
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

  /** The entries of all addresses, in the order in which they were stored. memcached lists all its keys. */
  async readAll(): Promise<Entry[]> {
    const reading: Promise<Entry[]>[] = [];
    const generation = await this.#namespace.currentPrefix();
    for await (const key of keysBehind(this.#commands, generation + HEAD)) {
      reading.push(this.#lists.read(key));
    }
    return this.#fresh((await Promise.all(reading)).flat()).sort((a, b) => a.stored - b.stored);
  }

  /**
   * Changes the entries of an address.
   *
   * @param generation The one that they are of: in a later one, nobody will find them.
   * @returns The entries that it had, and does not have any more; `undefined` when the change has been dropped.
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

  /** As long as that of the entry that lives longest; an empty list is as good as gone. */
  #lifetimeOf(entries: readonly Entry[]): number {
    const now = this.#now();
    const lifetimes = entries.map(({ expires }) => expires === null ? Infinity : expires - now);
    return Math.max(0, ...lifetimes);
  }

  async #key(address: string): Promise<string> {
    return HEAD + await itemKeyOf(address, this.#longest);
  }
}
