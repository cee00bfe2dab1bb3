/** The entries of an address, one for each variant. @module */

import {
  type KeyCommands,
  Namespace,
  type OperationOptions,
  PartialSocketError,
  SocketError,
} from "../../../mod.ts";
import { ItemRoom } from "../item_room.ts";
import { exptimeOf, keysBehind } from "../key_and_exptime.ts";
import { BODY, cacheFormat } from "./bodies.ts";
import { type Entry, isEntry } from "./entry.ts";
import { type ChangeList, Lists, unlessDropped } from "./lists.ts";

/** How many variants of one address are kept: browsers may differ in every request. */
const MOST_VARIANTS = 64;
/** How often the entries are listed when a server fails meanwhile and is back each time. */
const MOST_LISTS = 3;
/** How many keys are tried to find one on a server. */
const MOST_KEYS_TRIED = 1000;
/** The beginning of the keys of entries, after the prefix and the generation. */
const HEAD = "head:";

/** The variants of all responses of one cache, in one namespace. */
export class Variants {
  readonly #commands: KeyCommands;
  readonly #namespace: Namespace;
  readonly #room: ItemRoom;
  readonly #now: () => number;
  readonly #lists: Lists<Entry>;
  /** Resolves when the latest list of all entries has ended; without the entries, which would stay in memory. */
  #ended: Promise<void> = Promise.resolve();
  /** The list after it, which has not begun. */
  #nextReading: Promise<Entry[]> | undefined;

  constructor(commands: KeyCommands, prefix: string, now: () => number) {
    this.#commands = commands;
    // In this order: views write the counter of the generation by the transcoder of what they are given.
    this.#namespace = new Namespace(commands, prefix).withTranscoder(cacheFormat);
    this.#room = new ItemRoom(this.#namespace, commands, HEAD.length);
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
    this.#nextReading ??= this.#ended.then(() => {
      this.#nextReading = undefined;
      const reading = this.#readAll();
      // The callers that wait for the entries get its failure.
      this.#ended = reading.then(() => {}, () => {});
      return reading;
    });
    return this.#nextReading;
  }

  async #readAll(): Promise<Entry[]> {
    const generation = await this.generation();
    if (generation === undefined) return [];
    const reading: Promise<Entry[]>[] = [];
    const readListed = async () => {
      for await (const key of keysBehind(this.#commands, generation + HEAD)) {
        const entries = this.#lists.read(key);
        // It is waited for below, and may fail before.
        entries.catch(() => {});
        reading.push(entries);
      }
    };
    for (let attempt = 1;; attempt++) {
      try {
        await readListed();
        break;
      } catch (error) {
        // The servers that could be reached have been listed.
        const outcome = await this.#outcomeOf(error);
        if (outcome === "miss") break;
        if (outcome === "error" || attempt === MOST_LISTS) throw error;
        // What was read while the server was away may have failed, or be a miss.
        reading.length = 0;
      }
    }
    const all = await Promise.all(reading);
    return this.#fresh(all.flat()).sort((a, b) => a.stored - b.stored);
  }

  /** What a failure to list a server means for reads of its keys: a miss, an error, or nothing because it is back. */
  async #outcomeOf(error: unknown): Promise<"miss" | "error" | "back"> {
    if (!(error instanceof SocketError)) return "error";
    const key = await this.#keyOn(error instanceof PartialSocketError ? error.failures : undefined);
    const isRead = (options: OperationOptions) => {
      return this.#commands.get(key, options).then(() => true, () => false);
    };
    if (!await isRead({})) return "error";
    return await isRead({ failover: "error" }) ? "back" : "miss";
  }

  /** Finds a key on one of some servers; nothing is stored under it. */
  async #keyOn(servers: ReadonlyMap<string, unknown> | undefined): Promise<string> {
    const { prefix } = this.#namespace;
    for (let number = 0; number < MOST_KEYS_TRIED; number++) {
      // A locator may look at what a key is for.
      for (const kind of ["", HEAD, BODY]) {
        // Hashes of keys that differ in their last letters only are near to each other on some rings.
        const key = `${prefix}${kind}${number}:listed`;
        if (servers?.has((await this.#commands.locate(key)).server) ?? true) return key;
      }
    }
    return prefix;
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
    return HEAD + await this.#room.keyOf(address);
  }
}
