/** What is stored for each address: the entries of its variants. @module */

import type { Client } from "../../../mod.ts";
import { itemKeyOf } from "../item_key.ts";
import { exptimeOf } from "../lifetime.ts";
import { type Entry, isEntry } from "./entry.ts";
import { type ChangeList, Lists } from "./lists.ts";

/** Of a response that varies by what every browser says differently, so many are kept. */
const MOST_VARIANTS = 64;
const LONGEST_KEY = 250;

/** The variants of the responses of one cache, and the generation that they have to be of. */
export class Variants {
  readonly #client: Client;
  readonly #prefix: string;
  readonly #now: () => number;
  readonly #lists: Lists<Entry>;

  constructor(client: Client, prefix: string, now: () => number) {
    this.#client = client;
    this.#prefix = prefix;
    this.#now = now;
    this.#lists = new Lists(client, {
      isElement: isEntry,
      exptimeOf: (entries) => exptimeOf(this.#lifetimeOf(entries)),
    });
  }

  /** The present generation: one that memcached has lost begins at the time, as those of a namespace. */
  async generation(delta: bigint): Promise<string> {
    const options = { initial: BigInt(Date.now()) };
    return `${await this.#client.incr(`${this.#prefix}generation`, delta, options)}`;
  }

  /** The entries of an address that may be served. */
  async read(address: string): Promise<Entry[]> {
    return await this.#readKey(await this.#key(address));
  }

  /** The entries of all addresses, in the order in which they were stored. memcached lists all its keys. */
  async readAll(): Promise<Entry[]> {
    const keys = new Set<string>();
    const start = `${this.#prefix}head:`;
    for await (const { key } of this.#client.items()) if (key.startsWith(start)) keys.add(key);
    const entries = await Promise.all([...keys].map((key) => this.#readKey(key)));
    return entries.flat().sort((a, b) => a.stored - b.stored);
  }

  /** Changes the entries of an address; resolves to those that it had, and does not have any more. */
  async change(address: string, change: ChangeList<Entry>): Promise<Entry[]> {
    const [key, generation] = await Promise.all([this.#key(address), this.generation(0n)]);
    let entries: readonly Entry[] = [];
    const { after } = await this.#lists.change(key, (stored) => {
      entries = this.#current(stored, generation);
      return change(entries)?.slice(-MOST_VARIANTS);
    });
    return entries.filter((entry) => !after.includes(entry));
  }

  async #readKey(key: string): Promise<Entry[]> {
    const [generation, entries] = await Promise.all([this.generation(0n), this.#lists.read(key)]);
    return this.#current(entries, generation);
  }

  #current(entries: readonly Entry[], generation: string): Entry[] {
    const now = this.#now();
    return entries.filter((entry) =>
      entry.generation === generation && (entry.expires === null || entry.expires > now)
    );
  }

  /** As long as that of the entry that lives longest; an empty list is as good as gone. */
  #lifetimeOf(entries: readonly Entry[]): number {
    const now = this.#now();
    const lifetimes = entries.map(({ expires }) => expires === null ? Infinity : expires - now);
    return Math.max(0, ...lifetimes);
  }

  async #key(address: string): Promise<string> {
    const start = `${this.#prefix}head:`;
    return start + await itemKeyOf(address, LONGEST_KEY - start.length);
  }
}
