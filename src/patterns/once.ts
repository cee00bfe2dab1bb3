/** Idempotency: doing what several ask for a single time. @module */

import type { Client } from "../client.ts";
import type { OperationOptions } from "../client_options.ts";
import { ClientException } from "../errors.ts";
import { checkExptime, type Exptime } from "../protocol/exptime.ts";
import { checkKey } from "../protocol/key.ts";
import { checkSpan, checkWaitFor } from "../spans.ts";
import { backoff, pause } from "../waiting.ts";
import { addStub, hasResultOfUndefined, removeStub, storeUndefined } from "./stub.ts";

/** How long a result is remembered, and waited for. */
export interface OnceOptions extends OperationOptions {
  /** When the result is forgotten, as for `set`; never unless given. */
  readonly exptime?: Exptime;
  /**
   * How long whoever does it keeps the others from it, in seconds: an integer from 1 to 2,592,000 (30
   * days); 30 unless given. It must be longer than `action` takes, or that may run twice.
   */
  readonly lockFor?: number;
  /** How long to wait for another to have done it, in seconds: a number from 0 to 2,592,000; 30 unless given. */
  readonly waitFor?: number;
}

/**
 * Does something the first time it is asked for under a key, and from then on gives the result of that.
 * Needs memcached 1.6.10 or later.
 *
 * When `action` fails, its error goes to this caller only, and the next one tries again. Whoever dies
 * over it keeps the others from it for `lockFor`.
 *
 * What a cache cannot promise: that it happens once only. It happens again when the result has expired or
 * been evicted, when a server restarts or is replaced, when `action` takes longer than `lockFor`,
 * and when it dies between having had its effect and having its result stored. Whoever is at it is told
 * by a cas unique, which memcached numbers from the start again when it restarts: an `action` that was
 * running then may have its result stored in the place of another's. For a payment, have
 * the other side know the key as well.
 *
 * @param client Whose servers keep the result.
 * @param key What is done: a request's idempotency key, for instance; 1 to 250 characters, each from `!`
 * to `~`.
 * @param action Does it. Its result is stored, and must be something that the transcoder can represent.
 * @param options `exptime`, `lockFor` and `waitFor`, in seconds; `signal`, which ends the waiting for
 * another and for the server, not an `action` that has begun, nor the storing of its result.
 * @returns The result, of this call or an earlier one.
 * @throws What `action` throws.
 * @throws {ValidationException} When the key, an option or the result is invalid.
 * @throws {ClientException} When another has been at it for all of `waitFor`; when memcached refuses.
 * @throws {SocketError} When the server cannot be reached, or is lost before it has answered; it may have
 * been done then.
 *
 * @example A request that is sent twice
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { once } from "@moecache/moecache/patterns";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * let orders = 0;
 * const order = () => once(client, "request:7f3a", () => ({ order: ++orders }), { exptime: 3600 });
 * assertEquals(await Promise.all([order(), order()]), [{ order: 1 }, { order: 1 }]);
 * ```
 */
export async function once<Result>(
  client: Client,
  key: string,
  action: () => Result | Promise<Result>,
  options: OnceOptions = {},
): Promise<Result> {
  const exptime = checkExptime(options.exptime);
  const lockFor = checkSpan("lockFor", options.lockFor ?? 30, 1);
  const waitFor = checkWaitFor(options.waitFor ?? 30);
  const { signal } = options;
  const signals = signal === undefined ? {} : { signal };
  checkKey(key, "do once");
  const deadline = performance.now() + waitFor * 1000;
  for (let attempt = 0;; attempt++) {
    signal?.throwIfAborted();
    const result = await client.get<Result>(key, signals);
    if (result !== undefined) return result;
    const cas = await addStub(client, key, lockFor, signal);
    if (cas !== undefined) return await act(client, key, { action, cas, exptime });
    if (await hasResultOfUndefined(client, key, signals)) return undefined as Result;
    const left = deadline - performance.now();
    if (left <= 0) throw stillAtIt(key);
    await pause(Math.min(left, backoff(attempt)), signal);
  }
}

/** The right to act, and what to do with it. */
interface Turn<Result> {
  readonly action: () => Result | Promise<Result>;
  readonly cas: bigint;
  readonly exptime: number;
}

async function act<Result>(
  client: Client,
  key: string,
  { action, cas, exptime }: Turn<Result>,
): Promise<Result> {
  try {
    const result = await action();
    if (result === undefined) await storeUndefined(client, key, cas, exptime);
    else await client.cas(key, result, cas, exptime);
    return result;
  } catch (error) {
    // The error matters more than that the stub could not be removed: it expires by itself.
    await Promise.allSettled([removeStub(client, key, cas)]);
    throw error;
  }
}

function stillAtIt(key: string): ClientException {
  return new ClientException(`Cannot do key "${key}" once: somebody else is still at it`, key);
}
