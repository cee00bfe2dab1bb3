/** Mutual exclusion, as far as a cache can have it. @module */

import type { KeyCommands } from "../commands/key_commands.ts";
import type { OperationOptions } from "../commands/operation_options.ts";
import { ClientException } from "../errors.ts";
import {
  dropStub,
  findStub,
  type ItemCommands,
  removeAfterFailure,
  removeStub,
  type Stub,
} from "../features/stub.ts";
import { checkOptions, type OptionTypes } from "../option_checks.ts";
import { checkSeconds, checkWaitFor } from "../protocol/exptime.ts";
import { checkKey } from "../protocol/key.ts";
import { reservedKey } from "../fleet/reserved_key.ts";
import { RisingCounter } from "../features/rising_counter.ts";
import { backoff, pause, systemClock, untilAborted } from "../waiting.ts";
import { claim, strictItems } from "./claim.ts";

/** How a key is locked. All times are in seconds. */
export interface LockOptions extends OperationOptions {
  /**
   * How long the lock lasts unless it is released: an integer from 1 to 2,592,000 (30 days). It is measured
   * by memcached's clock, which ticks once a second, and may so be up to a second shorter.
   */
  readonly ttl: number;
  /**
   * How long to wait for another client to release it: a number from 0 to 2,592,000; by default as long as
   * `ttl`, after which a client that died has lost the lock.
   */
  readonly waitFor?: number;
}

const LOCK_OPTIONS: OptionTypes<LockOptions> = {
  signal: "signal",
  failover: "failover",
  ttl: "number",
  waitFor: "number",
};

/**
 * A lock that was acquired with {@linkcode lock}. Disposing of it releases it.
 *
 * @example Asking whether it is still held
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { lock } from "@moecache/moecache/patterns";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const held = await lock(client, "lock:report", { ttl: 30 });
 * assertEquals(await held.isHeld(), true);
 * assertEquals(await held.release(), true);
 * assertEquals(await held.isHeld(), false);
 * ```
 */
export class Lock implements AsyncDisposable {
  /** The key that is locked. */
  readonly key: string;
  /**
   * The fencing token: larger than those of all who held the lock before, as long as the counter survives on
   * memcached, or the clocks of those who draw tokens agree.
   */
  readonly token: bigint;
  readonly #items: ItemCommands;
  readonly #stub: Stub;

  /** @internal */
  constructor(items: ItemCommands, stub: Stub, token: bigint) {
    this.key = stub.key;
    this.token = token;
    this.#items = items;
    this.#stub = stub;
  }

  /**
   * Asks whether the lock is still held. That it was does not mean that it is when the answer arrives.
   *
   * @returns Whether it was.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered.
   *
   * @example Before a step that cannot be undone
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { lock } from "@moecache/moecache/patterns";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await using held = await lock(client, "lock:report", { ttl: 30 });
   * assertEquals(await held.isHeld(), true);
   * ```
   */
  async isHeld(): Promise<boolean> {
    return await findStub(this.#items, this.#stub) !== undefined;
  }

  /**
   * Releases the lock, but not a lock that another client has acquired since. It takes two round trips, the first
   * to see whose lock it is.
   *
   * @returns Whether it was still held; `false` when it had expired or been released.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered. The lock is
   * released as soon as the server answers, or expires by itself.
   *
   * @example Noticing that it took too long
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { lock } from "@moecache/moecache/patterns";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const held = await lock(client, "lock:report", { ttl: 30 });
   * assertEquals(await held.release(), true);
   * assertEquals(await held.release(), false);
   * ```
   */
  async release(): Promise<boolean> {
    try {
      return await removeStub(this.#items, this.#stub);
    } catch (error) {
      removeAfterFailure(this.#items, this.#stub, error);
      throw error;
    }
  }

  /** Releases the lock: `await using held = await lock(…)`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

/**
 * Acquires a lock, which only one can hold at a time, and waits for it where somebody else holds it. Who
 * gets it next is up to chance.
 *
 * What a cache cannot promise: that you still hold the lock. It ends after `ttl` whether you have finished
 * or not, and earlier where memcached evicts it, restarts, or the servers change. Where two at once
 * would do harm, have the storage that they write to refuse a {@linkcode Lock.token} smaller than one it has
 * seen. Tokens are counted on memcached, under the key and `~moecache-token`, and none is less than the current
 * time in milliseconds: where the counter is lost, or its server comes back with an old one, they grow all the
 * same, unless clocks disagree or more than one a millisecond is drawn.
 *
 * Where it is not known whether the lock was acquired, because the server did not answer, it is released again as
 * soon as the server does, for up to 30 seconds.
 *
 * @param client Whose servers keep the lock.
 * @param key A key for the lock alone, 1 to 250 characters, each from `!` to `~`.
 * @param options `ttl` and `waitFor`, in seconds; `signal`, which ends the waiting, for the server
 * as well.
 * @returns The lock.
 * @throws {ValidationException} When the key or an option is invalid.
 * @throws {ClientException} When somebody else has held it for all of `waitFor`, or memcached refuses.
 * @throws {SocketError} When a server cannot be reached, or is lost before it has answered.
 *
 * @example One at a time
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { lock } from "@moecache/moecache/patterns";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assert } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const tokens: bigint[] = [];
 * const work = async () => {
 *   await using held = await lock(client, "lock:work", { ttl: 30 });
 *   tokens.push(held.token);
 * };
 * await Promise.all([work(), work()]);
 * assert(tokens[0]! < tokens[1]!);
 * ```
 */
export async function lock(client: KeyCommands, key: string, options: LockOptions): Promise<Lock> {
  checkOptions(options, LOCK_OPTIONS);
  const ttl = checkSeconds("ttl", options.ttl, 1);
  const waitFor = checkWaitFor(options.waitFor ?? ttl);
  const { signal } = options;
  checkKey(key, "lock");
  const deadline = systemClock.now() + waitFor * 1000;
  for (let attempt = 0;; attempt++) {
    signal?.throwIfAborted();
    const held = await tryLock(client, key, ttl, signal);
    if (held !== undefined) return held;
    const left = deadline - systemClock.now();
    if (left <= 0) throw new ClientException(`Cannot lock key "${key}": it is held`, key);
    await pause(Math.min(left, backoff(attempt)), signal);
  }
}

async function tryLock(
  client: KeyCommands,
  key: string,
  ttl: number,
  signal: AbortSignal | undefined,
): Promise<Lock | undefined> {
  const items = strictItems(client);
  const stub = await claim(items, key, ttl, signal);
  if (stub === undefined) return undefined;
  const options = signal === undefined ? {} : { signal };
  try {
    const token = await new RisingCounter(client, reservedKey(key, "token")).nextTime(options);
    // One that expired before its token was drawn could have a token above its successor's.
    const isHeld = await findStub(items, stub, options) !== undefined;
    return isHeld ? new Lock(items, stub, token) : undefined;
  } catch (error) {
    const dropped = dropStub(items, stub);
    if (!signal?.aborted) await untilAborted(dropped, signal);
    throw error;
  }
}
