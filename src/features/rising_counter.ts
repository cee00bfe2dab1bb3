/**
 * Counters that never go back. The server of a counter may leave the list, or fail over to another server, and come
 * back with the number that it had then. So a client raises a counter that is less than it knows. A counter is
 * raised to the present time in milliseconds at least: since all counters begin at the time, that is more than any
 * client knows, and right for the others too.
 *
 * @module
 */

import type { KeyCommands } from "../commands/key_commands.ts";
import type { OperationOptions } from "../commands/operation_options.ts";
import { clockOf, keySpaceOf } from "../commands/session.ts";
import { ClientException, SocketError } from "../errors.ts";
import { itemTranscoder, type StoredItem } from "../transcoding/item_codec.ts";
import { backoff, pause } from "../waiting.ts";

/** The commands that such a counter needs. */
export type CounterCommands = Pick<KeyCommands, "incr" | "withTranscoder">;

/** How often a counter is raised that changes each time: it takes a proxy that loses its server. */
const MOST_ATTEMPTS = 10;
/** How many counters are remembered for each client. */
const MOST_REMEMBERED = 10_000;

/** What is known of counters, by their keys, to all commands of one client, or of one namespace. */
const knowledge = /* @__PURE__ */ new WeakMap<object, Map<string, bigint>>();

/** A counter on memcached that a client has never seen go back. */
export class RisingCounter {
  readonly #commands: CounterCommands;
  readonly #key: string;
  readonly #all: Map<string, bigint>;

  constructor(commands: CounterCommands, key: string) {
    const keySpace = keySpaceOf(commands);
    this.#commands = commands;
    this.#key = key;
    this.#all = knowledge.get(keySpace) ?? new Map();
    knowledge.set(keySpace, this.#all);
  }

  /** The latest value known. */
  get known(): bigint | undefined {
    return this.#all.get(this.#key);
  }

  /** Reads the counter; `undefined` where it is missing or an old one, or a fault is taken for a miss. */
  async peek(): Promise<bigint | undefined> {
    const { known = 0n } = this;
    const present = await this.#commands.incr(this.#key, 0n);
    return present === undefined || present < known ? undefined : this.#learn(present);
  }

  /**
   * Reads the counter; begins one that is missing and raises one that is an old one.
   *
   * @returns The value; or why it cannot be known, where the client takes that for a miss.
   */
  async current(): Promise<bigint | SocketError> {
    const present = await this.peek();
    if (present !== undefined) return present;
    // The counter is missing or an old one; or the client takes a server that it cannot reach for a miss.
    try {
      return await this.read();
    } catch (error) {
      if (!(error instanceof SocketError)) throw error;
      // A client that takes no fault for a miss fails here.
      if (await this.#commands.incr(this.#key, 0n) === undefined) return error;
      throw error;
    }
  }

  /** Reads the counter; raises one that is an old one. */
  read(options?: OperationOptions): Promise<bigint> {
    return this.#count(0n, options);
  }

  /** Counts one up: in one round trip, or in three where the counter is an old one. */
  next(options?: OperationOptions): Promise<bigint> {
    return this.#count(1n, options);
  }

  /** Counts up to the present time, or by one where that is no more, in two round trips. */
  async nextTime(options?: OperationOptions): Promise<bigint> {
    const { known = 0n } = this;
    const next = (present: bigint) => timeAfter(present > known ? present : known);
    return this.#learn(await this.#raise(next, options));
  }

  async #count(step: 0n | 1n, options: OperationOptions | undefined): Promise<bigint> {
    const { known = 0n } = this;
    const initial = timeAfter(known);
    const counted = await this.#commands.incr(this.#key, step, { ...options, initial });
    const least = known + step;
    if (counted !== undefined && counted >= least) return this.#learn(counted);
    const next = (present: bigint) => present < least ? timeAfter(known) : present;
    return this.#learn(await this.#raise(next, options));
  }

  /** @param next Makes the new value from the present one, which is 0 for a counter that is missing. */
  async #raise(
    next: (present: bigint) => bigint,
    options: OperationOptions | undefined,
  ): Promise<bigint> {
    const key = this.#key;
    const items = this.#commands.withTranscoder(itemTranscoder);
    const strict = { ...options, failover: "error" } as const;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      if (attempt > 1) await pause(clockOf(this.#commands), backoff(attempt), options?.signal);
      const found = await items.gets<StoredItem>(key, strict);
      if (found === undefined) {
        const initial = next(0n);
        const begun = await this.#commands.incr(key, 1n, { ...options, initial });
        if (begun !== undefined && begun >= initial) return begun;
        continue;
      }
      const present = readCounter(key, found.value);
      const raised = next(present);
      if (raised === present) return present;
      const item = { ...found.value, data: new TextEncoder().encode(`${raised}`) };
      if (await items.cas(key, item, found.cas, 0, strict) === "stored") return raised;
    }
    const why = `it changed during each of ${MOST_ATTEMPTS} attempts`;
    throw new ClientException(`Cannot count key "${key}": ${why}`, key);
  }

  /** Takes note of a value; gives the latest one known, where that is another by now. */
  #learn(value: bigint): bigint {
    const { known = 0n } = this;
    const latest = known > value ? known : value;
    // Those that were used last stand last: the first is the one to be forgotten.
    this.#all.delete(this.#key);
    this.#all.set(this.#key, latest);
    const [first] = this.#all.keys();
    if (this.#all.size > MOST_REMEMBERED) this.#all.delete(first!);
    return latest;
  }
}

/** The present time in milliseconds, or the next number where that is no more than this one. */
function timeAfter(counter: bigint): bigint {
  const now = BigInt(Date.now());
  return now > counter ? now : counter + 1n;
}

function readCounter(key: string, { data }: StoredItem): bigint {
  const text = new TextDecoder().decode(data);
  if (/^\d{1,20} *$/.test(text)) return BigInt(text.trimEnd());
  throw new ClientException(`Cannot count key "${key}": its value is no number`, text);
}
