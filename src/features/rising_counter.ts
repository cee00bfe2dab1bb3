/**
 * Counters that never decrease. The server of a counter may leave the list, or fail over to another server, and return
 * with its old number. So a client raises a counter that is less than the last known number. It raises it at least to
 * the current time in milliseconds: because all counters begin at the time, this is more than any client has seen, and
 * correct for other clients too.
 *
 * @module
 */

import type { KeyCommands } from "../commands/key_commands.ts";
import {
  type CounterOptions,
  type OperationOptions,
  operationOptions,
} from "../commands/operation_options.ts";
import { clockOf, keySpaceOf, sessionOf } from "../commands/session.ts";
import { ClientException } from "../errors.ts";
import { unpublished } from "../observation.ts";
import { isUnreachable } from "../protocol/backend_failure.ts";
import { itemTranscoder, type RawItem } from "../transcoding/item_codec.ts";
import { backoff, pause } from "../waiting/timers.ts";

/** The commands that a counter needs. */
export type CounterCommands = Pick<KeyCommands, "incr" | "withTranscoder">;

/** How often raising a counter is tried when it changes each time, as behind a proxy that loses its server. */
const MOST_ATTEMPTS = 10;
/** How many counters each client remembers. */
const MOST_REMEMBERED = 10_000;

/** The last known numbers of counters, by key, for all commands of one client or of one namespace. */
const knowledge = /* @__PURE__ */ new WeakMap<object, Map<string, bigint>>();

/** A counter in memcached that never decreases for a client. */
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

  /** The last known number. */
  get known(): bigint | undefined {
    return this.#all.get(this.#key);
  }

  /** Reads the counter; `undefined` if it is missing or old, or if the client treats an error as a miss. */
  async peek(): Promise<bigint | undefined> {
    const { known = 0n } = this;
    const present = await this.#incr(this.#key, 0n);
    return present === undefined || present < known ? undefined : this.#learn(present);
  }

  /**
   * Reads the counter; begins one that is missing and raises one that is an old one.
   *
   * @returns The value; or why it cannot be known, if the client treats that as a miss.
   */
  async current(): Promise<bigint | Error> {
    const present = await this.peek();
    if (present !== undefined) return present;
    // The counter is missing or an old one; or the client treats an unreachable server as a miss.
    try {
      return await this.read();
    } catch (error) {
      if (isUnreachable(error) && await this.#missesAtFaults()) return error;
      throw error;
    }
  }

  /** Whether the client treats an unreachable server as a miss. */
  async #missesAtFaults(): Promise<boolean> {
    const session = sessionOf(this.#commands);
    if (session !== undefined) return session.settings.failover === "miss";
    // Other implementations do not tell. So a counter that is not found is asked for again, in a way in which an
    // unreachable server is an error.
    if (await this.#incr(this.#key, 0n) !== undefined) return false;
    const strict = this.#incr(this.#key, 0n, { failover: "error" });
    return await strict.then(() => false, isUnreachable);
  }

  /** Reads the counter, and raises it if it is old. */
  read(options?: OperationOptions): Promise<bigint> {
    return this.#count(0n, options);
  }

  /** Increments the counter: in one round trip, or in three if it is old. */
  next(options?: OperationOptions): Promise<bigint> {
    return this.#count(1n, options);
  }

  /** Raises the counter to the current time, or by one if it is not less than the time, in two round trips. */
  async nextTime(options?: OperationOptions): Promise<bigint> {
    const { known = 0n } = this;
    const next = (present: bigint) => timeAfter(present > known ? present : known);
    return this.#learn(await this.#raise(next, operationOptions(options)));
  }

  async #count(step: 0n | 1n, options: OperationOptions | undefined): Promise<bigint> {
    const { known = 0n } = this;
    const initial = timeAfter(known);
    const own = operationOptions(options);
    const counted = await this.#incr(this.#key, step, { ...own, initial });
    const least = known + step;
    if (counted !== undefined && counted >= least) return this.#learn(counted);
    const next = (present: bigint) => present < least ? timeAfter(known) : present;
    return this.#learn(await this.#raise(next, own));
  }

  /** @param next Makes the new number from the current one; 0 if the counter is missing. */
  async #raise(
    next: (present: bigint) => bigint,
    options: OperationOptions | undefined,
  ): Promise<bigint> {
    const key = this.#key;
    const items = this.#commands.withTranscoder(itemTranscoder);
    const strict = { ...options, failover: "error" } as const;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      if (attempt > 1) await pause(clockOf(this.#commands), backoff(attempt), options?.signal);
      const found = await unpublished(() => items.gets<RawItem>(key, strict));
      if (found === undefined) {
        const initial = next(0n);
        const begun = await this.#incr(key, 1n, { ...options, initial });
        if (begun !== undefined && begun >= initial) return begun;
        continue;
      }
      const number = readCounter(found.value);
      const present = number ?? await this.#countedByView(found.value, options);
      if (present === undefined) continue;
      const raised = next(present);
      if (raised === present) return present;
      if (number === undefined) {
        // If others raise it at the same time, it becomes larger than that: no two get the same number.
        const counted = await this.#incr(key, raised - present, options);
        if (counted !== undefined && counted >= raised) return counted;
        continue;
      }
      const item = { ...found.value, data: new TextEncoder().encode(`${raised}`) };
      const store = () => items.cas(key, item, found.cas, 0, strict);
      if (await unpublished(store) === "stored") return raised;
    }
    const why = `it changed during each of ${MOST_ATTEMPTS} attempts`;
    throw new ClientException(`Cannot count key "${key}": ${why}`, key);
  }

  /**
   * Reads a counter that a view stores in a form of its own, as `hashedKeys` does.
   *
   * @throws {ClientException} When the item is not a counter.
   */
  async #countedByView(
    { data }: RawItem,
    options: OperationOptions | undefined,
  ): Promise<bigint | undefined> {
    if (sessionOf(this.#commands) === undefined) return await this.#incr(this.#key, 0n, options);
    const text = new TextDecoder().decode(data);
    throw new ClientException(`Cannot count key "${this.#key}": its value is not a number`, text);
  }

  #incr(key: string, delta: bigint, options?: CounterOptions): Promise<bigint | undefined> {
    return unpublished(() => this.#commands.incr(key, delta, options));
  }

  /** Records a number; returns the last known one, if that is larger. */
  #learn(value: bigint): bigint {
    const { known = 0n } = this;
    const latest = known > value ? known : value;
    // In the order of use: the first one is removed.
    this.#all.delete(this.#key);
    this.#all.set(this.#key, latest);
    const [first] = this.#all.keys();
    if (this.#all.size > MOST_REMEMBERED) this.#all.delete(first!);
    return latest;
  }
}

/** The current time in milliseconds, or the next number if the time is not more than `counter`. */
function timeAfter(counter: bigint): bigint {
  // Fake timers may be moved on by fractions of a millisecond.
  const now = BigInt(Math.ceil(Date.now()));
  return now > counter ? now : counter + 1n;
}

/** The number of a counter; `undefined` if the item is something else. */
function readCounter({ data }: RawItem): bigint | undefined {
  const text = new TextDecoder().decode(data);
  return /^\d{1,20} *$/.test(text) ? BigInt(text.trimEnd()) : undefined;
}
