/** What is stored for each address: the entries of its variants. @module */

import { type Client, ClientException } from "../../../mod.ts";
import { itemKeyOf } from "../item_key.ts";
import { exptimeOf } from "../lifetime.ts";
import type { Entry } from "./entry.ts";
import { readBytes, replaceText } from "./items.ts";

/** Of a response that varies by what every browser says differently, so many are kept. */
const MOST_VARIANTS = 64;
const MOST_RETRIES = 25;
const LONGEST_KEY = 250;

/** Makes the new entries of an address of its present ones; `undefined` leaves them. */
export type ChangeEntries = (entries: readonly Entry[]) => readonly Entry[] | undefined;

/** The heads of one cache, and the generation that they have to be of. */
export class Heads {
  readonly #client: Client;
  readonly #prefix: string;
  readonly #now: () => number;

  constructor(client: Client, prefix: string, now: () => number) {
    this.#client = client;
    this.#prefix = prefix;
    this.#now = now;
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

  /**
   * The entries of all addresses. memcached lists all it has for it, some items twice, and may leave out what
   * it moves between its queues just then.
   */
  async readAll(): Promise<Entry[]> {
    const keys = new Set<string>();
    const start = `${this.#prefix}head:`;
    for await (const { key } of this.#client.items()) if (key.startsWith(start)) keys.add(key);
    const entries = await Promise.all([...keys].map((key) => this.#readKey(key)));
    return entries.flat().sort((a, b) => a.stored - b.stored);
  }

  /** Changes the entries of an address; resolves to those that it had, and are not there any more. */
  async change(address: string, change: ChangeEntries): Promise<Entry[]> {
    const key = await this.#key(address);
    for (let retries = 0; retries <= MOST_RETRIES; retries++) {
      const [generation, old] = await Promise.all([
        this.generation(0n),
        readBytes(this.#client, key),
      ]);
      const entries = this.#current(old?.bytes, generation, key);
      const changed = change(entries)?.slice(-MOST_VARIANTS);
      if (changed === undefined) return [];
      const text = JSON.stringify(changed);
      const exptime = exptimeOf(this.#lifetimeOf(changed));
      if (await replaceText(this.#client, key, text, exptime, old)) {
        return entries.filter((entry) => !changed.includes(entry));
      }
    }
    const why = `others were faster ${MOST_RETRIES + 1} times`;
    throw new ClientException(
      `Cannot change the cached responses of "${address}": ${why}`,
      address,
    );
  }

  async #readKey(key: string): Promise<Entry[]> {
    const [generation, stored] = await Promise.all([
      this.generation(0n),
      readBytes(this.#client, key),
    ]);
    return this.#current(stored?.bytes, generation, key);
  }

  #current(bytes: Uint8Array | undefined, generation: string, key: string): Entry[] {
    if (bytes === undefined) return [];
    const now = this.#now();
    return readEntries(bytes, key).filter((entry) =>
      entry.generation === generation && (entry.expires === null || entry.expires > now)
    );
  }

  /** As long as that of the entry that lives longest; none are as good as gone. */
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

function readEntries(bytes: Uint8Array, key: string): Entry[] {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    const what = `Cannot read key "${key}": it is not an item of a cache`;
    throw new ClientException(what, bytes, { cause });
  }
}
