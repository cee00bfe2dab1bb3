/** A lock, with the limits of a cache. @module */

import type { KeyCommands } from "../commands/key_commands.ts";
import type { OperationOptions } from "../commands/operation_options.ts";
import { clockOf, sessionOf } from "../commands/session.ts";
import { ClientException } from "../errors.ts";
import {
  dropStub,
  findStub,
  type ItemCommands,
  removeLater,
  removeStub,
  type Stub,
} from "../features/stub.ts";
import { checkClient, checkObject, checkOptions, type OptionTypes } from "../option_checks.ts";
import { isUnreachable } from "../protocol/backend_failure.ts";
import { checkSeconds, checkWaitFor } from "../protocol/seconds.ts";
import { reservedKey } from "../fleet/reserved_key.ts";
import { withCallersKeys } from "../features/callers_keys.ts";
import { beforeClosing } from "../features/farewell.ts";
import { RisingCounter } from "../features/rising_counter.ts";
import { untilAborted } from "../waiting.ts";
import { backoff, pause } from "../waiting/timers.ts";
import { checkClientKey, checkOpen, claim, strictItems } from "./claim.ts";

/** The options of {@linkcode lock}. All times are in seconds. */
export interface LockOptions extends OperationOptions {
  /**
   * How long the lock lasts if it is not released, in seconds: an integer from 1 to 2,592,000 (30 days). memcached's
   * clock ticks once a second, so the lock may last up to a second less.
   */
  readonly ttl: number;
  /**
   * How long to wait while another client holds the lock, in seconds: a number from 0 to 2,592,000. The default is
   * `ttl`: after that time, a client that has crashed has lost its lock.
   */
  readonly waitFor?: number | undefined;
}

const LOCK_OPTIONS: OptionTypes<LockOptions> = {
  signal: "signal",
  failover: "failover",
  ttl: "number",
  waitFor: "number",
};

/**
 * A lock that {@linkcode lock} has acquired. Disposing it releases it.
 *
 * @example Checking whether it is still held
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
   * The fencing token. It is larger than the tokens of all earlier holders, if memcached has kept the counter or the
   * clients' clocks agree.
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
   * Checks whether the lock is still held. It may be lost before the reply arrives.
   *
   * @returns Whether it was.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply.
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
   * Releases the lock. A lock that another client has acquired since is not touched. It takes two round trips; the
   * first checks who holds the lock.
   *
   * With the client's option `failover`, another server may be asked because the lock's own server is down. Then the
   * lock is released when that server is back, within 30 seconds.
   *
   * @returns Whether it was still held; `false` when it had expired or been released, or another server was asked.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply. The lock is
   * then released as soon as the server replies, or it expires.
   *
   * @example Detecting that it took too long
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
      if (isUnreachable(error)) void removeLater(this.#items, this.#stub);
      throw error;
    }
  }

  /** Releases the lock: `await using held = await lock(…)`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

/**
 * Acquires a lock that only one client can hold at a time. While another client holds it, this waits. Waiting clients
 * get the lock in no particular order.
 *
 * A cache cannot guarantee that you still hold the lock. It ends after `ttl` even if you have not finished, and earlier
 * if memcached evicts it or restarts, or if the servers change. If two holders at the same time would do harm, let the
 * storage that they write to refuse a {@linkcode Lock.token} smaller than one it has seen. Tokens come from a counter
 * in memcached, under the key and `~moecache-token`. A token is never less than the current time in milliseconds. So
 * tokens grow even if the counter is lost or old, unless clocks disagree or more than one token a millisecond is drawn.
 *
 * If the server does not reply, it is unknown whether the lock was acquired. It is then released as soon as the server
 * replies, for up to 30 seconds.
 *
 * @param client The client whose servers store the lock.
 * @param key A key that is used for this lock only, 1 to 250 characters, each from `!` to `~`, or what the client's
 * option `keys` takes.
 * @param options `ttl` and `waitFor`, in seconds; `signal`, which stops waiting for the lock and for the server.
 * @returns The lock.
 * @throws {ValidationException} When the client, the key or an option is invalid.
 * @throws {ClientException} When another client has held it for all of `waitFor`, or when memcached refuses.
 * @throws {SocketError} When a server cannot be reached, or the connection is lost before the reply.
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
  checkClient(client);
  checkObject(options, "a plain object such as { ttl }");
  checkOptions(options, LOCK_OPTIONS);
  const ttl = checkSeconds("ttl", options.ttl, 1);
  const waitFor = checkWaitFor(options.waitFor ?? ttl);
  const { signal } = options;
  checkClientKey(client, key, "lock");
  const clock = clockOf(client);
  const deadline = clock.now() + waitFor * 1000;
  for (let attempt = 0;; attempt++) {
    signal?.throwIfAborted();
    const held = await tryLock(client, key, ttl, signal);
    if (held !== undefined) return held;
    const left = deadline - clock.now();
    if (left <= 0) throw new ClientException(`Cannot lock key "${key}": it is held`, key);
    await pause(clock, Math.min(left, backoff(attempt)), signal);
  }
}

async function tryLock(
  client: KeyCommands,
  key: string,
  ttl: number,
  signal: AbortSignal | undefined,
): Promise<Lock | undefined> {
  return await beforeClosing(sessionOf(client), async () => {
    const items = strictItems(client);
    const stub = await claim(items, key, ttl, signal);
    return stub && await makeLock(client, items, stub, signal);
  });
}

/** Makes the lock of a stub; `undefined` if it was lost meanwhile. */
async function makeLock(
  client: KeyCommands,
  items: ItemCommands,
  stub: Stub,
  signal: AbortSignal | undefined,
): Promise<Lock | undefined> {
  const { key } = stub;
  const options = signal === undefined ? {} : { signal };
  try {
    const counterKey = reservedKey(key, "token", sessionOf(client)?.settings.keys);
    const token = await new RisingCounter(client, counterKey).nextTime(options).catch((error) => {
      throw withCallersKeys(error, new Map([[counterKey, key]]));
    });
    // If the lock expired before its token was drawn, its token could be larger than the next holder's.
    const isHeld = await findStub(items, stub, options) !== undefined;
    checkOpen(sessionOf(client), `lock key "${key}"`);
    return isHeld ? new Lock(items, stub, token) : undefined;
  } catch (error) {
    const dropped = dropStub(items, stub);
    if (!signal?.aborted) await untilAborted(dropped, signal);
    throw error;
  }
}
