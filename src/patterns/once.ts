/** Idempotency: doing what several ask for a single time. @module */

import type { KeyCommands } from "../commands/key_commands.ts";
import type { OperationOptions } from "../commands/operation_options.ts";
import { clockOf, sessionOf } from "../commands/session.ts";
import { ClientException, messageOf, SocketError } from "../errors.ts";
import { checkFunction, checkOptions, type OptionTypes } from "../option_checks.ts";
import {
  dropStub,
  findStub,
  type ItemCommands,
  replaceStub,
  storeIfThere,
  type Stub,
  textOf,
} from "../features/stub.ts";
import { checkExptime, checkSeconds, checkWaitFor, type Exptime } from "../protocol/exptime.ts";
import { checkKey } from "../protocol/key.ts";
import {
  FAILURE_FLAGS,
  type StoredItem,
  UNDEFINED_FLAGS,
  writeAndRead,
} from "../transcoding/item_codec.ts";
import { backoff, type Clock, pause } from "../waiting.ts";
import { claim, strictItems } from "./claim.ts";

/** How long a result is remembered, and waited for. */
export interface OnceOptions extends OperationOptions {
  /** When the result is forgotten, as for `set`; never by default. */
  readonly exptime?: Exptime;
  /**
   * How long the client that acts keeps the others from it, in seconds: an integer from 1 to 2,592,000 (30
   * days); 30 by default. It must be longer than `action` takes, or `action` may run twice.
   */
  readonly lockFor?: number;
  /** How long to wait for another client to act, in seconds: a number from 0 to 2,592,000; 30 by default. */
  readonly waitFor?: number;
}

const ONCE_OPTIONS: OptionTypes<OnceOptions> = {
  signal: "signal",
  failover: "failover",
  exptime: "any",
  lockFor: "number",
  waitFor: "number",
};

/** How often the outcome is sent: once more over a new connection, and once more after that. */
const MOST_ATTEMPTS = 3;
const LONGEST_MESSAGE = 1000;

/**
 * Does something the first time it is asked for under a key, and from then on gives the result of that.
 *
 * When `action` fails, its error goes to this caller only, and the next one tries again. A client that dies over
 * it keeps the others from it for `lockFor`.
 *
 * When `action` has succeeded, it is not done again because its result cannot be stored. One that the
 * transcoder cannot represent, or that memcached refuses as too large, gives this caller the error, and
 * all others a `ClientException` that quotes it, until `exptime` has passed. When the server is lost
 * meanwhile, the result is sent twice more. When `lockFor` has passed, or the server has restarted, the
 * result is stored where nobody else has begun.
 *
 * What a cache cannot promise: that it happens once only. It happens again when the result has expired or
 * been evicted, when a server restarts or is replaced, when `action` takes longer than `lockFor`,
 * when it dies between having had its effect and having its result stored, and when the server cannot be
 * reached for longer than three attempts to store it. For a payment, have the other side know the key as
 * well.
 *
 * @param client Whose servers keep the result.
 * @param key What is done: a request's idempotency key, for instance; 1 to 250 characters, each from `!`
 * to `~`.
 * @param action Does it. Its result is stored, and must be something that the transcoder can represent.
 * @param options `exptime`, `lockFor` and `waitFor`, in seconds; `signal`, which ends the waiting for
 * another and for the server, not an `action` that has begun, nor the storing of its result.
 * @returns The result, of this call or an earlier one, as the transcoder reads it: what has become of a value that
 * it represents as another one, a `Map` say, is the same for all.
 * @throws What `action` throws.
 * @throws {ValidationException} When the key, an option or the result is invalid.
 * @throws {ClientException} When another has been at it for all of `waitFor`; when it has been done, but
 * its result could not be stored; when memcached refuses.
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
  client: KeyCommands,
  key: string,
  action: () => Result | Promise<Result>,
  options: OnceOptions = {},
): Promise<Result> {
  checkOptions(options, ONCE_OPTIONS);
  const exptime = checkExptime(options.exptime, Date.now);
  const lockFor = checkSeconds("lockFor", options.lockFor ?? 30, 1);
  const waitFor = checkWaitFor(options.waitFor ?? 30);
  const { signal } = options;
  const signals = signal === undefined ? {} : { signal };
  checkKey(key, "do once");
  checkFunction("action", action);
  const items = strictItems(client);
  const clock = clockOf(client);
  const deadline = clock.now() + waitFor * 1000;
  for (let attempt = 0;; attempt++) {
    signal?.throwIfAborted();
    const result = await client.get<Result>(key, signals);
    if (result !== undefined) return result;
    const stub = await claim(items, key, lockFor, signal);
    if (stub !== undefined) return await act({ client, items, action, stub, exptime });
    const mark = await items.gets(key, signals);
    if (mark?.value.flags === UNDEFINED_FLAGS) return undefined as Result;
    if (mark?.value.flags === FAILURE_FLAGS) throw unstored(key, textOf(mark.value));
    const left = deadline - clock.now();
    if (left <= 0) throw stillAtIt(key);
    await pause(clock, Math.min(left, backoff(attempt)), signal);
  }
}

/** The right to act, and what to do with it. */
interface Turn<Result> {
  readonly client: KeyCommands;
  readonly items: ItemCommands;
  readonly action: () => Result | Promise<Result>;
  readonly stub: Stub;
  readonly exptime: number;
}

async function act<Result>(turn: Turn<Result>): Promise<Result> {
  const { items: { clock } } = turn;
  const result = await attempt(turn);
  try {
    const read = await asRead(turn, result);
    await remember(clock, () => storeResult(turn, result));
    return read;
  } catch (error) {
    // The error matters more than that it could not be stored either: the stub is there until it expires.
    if (!(error instanceof SocketError)) {
      await Promise.allSettled([remember(clock, () => storeFailure(turn, error))]);
    }
    throw error;
  }
}

/** The result as others get it, where the format is known. */
async function asRead<Result>({ client, stub }: Turn<Result>, result: Result): Promise<Result> {
  const session = sessionOf(client);
  if (session === undefined || result === undefined) return result;
  return (await writeAndRead(session, result, stub.key)).value as Result;
}

async function attempt<Result>({ items, action, stub }: Turn<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    await dropStub(items, stub);
    throw error;
  }
}

/** Sends the outcome; a second time does no harm, since it takes no other's place. */
async function remember(clock: Clock, send: () => Promise<void>): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof SocketError) || attempt === MOST_ATTEMPTS) throw error;
      await pause(clock, backoff(attempt));
    }
  }
}

/** Stores the result in the stub's place, or where nothing is any more. */
async function storeResult<Result>(turn: Turn<Result>, result: Result): Promise<void> {
  const { client, items, stub, exptime } = turn;
  if (result === undefined) return await storeMark(turn, UNDEFINED_FLAGS, "");
  const { key } = stub;
  const strict = { failover: "error" } as const;
  const outcome = await storeIfThere(
    () => findStub(items, stub),
    ({ cas }) => client.cas(key, result, cas, exptime, strict),
  );
  // Where it is not stored now, somebody else has begun.
  if (outcome === "not_found") await client.add(key, result, exptime, strict);
}

async function storeFailure<Result>(turn: Turn<Result>, error: unknown): Promise<void> {
  const text = messageOf(error).toWellFormed().slice(0, LONGEST_MESSAGE);
  await storeMark(turn, FAILURE_FLAGS, text);
}

/** Puts a mark in the stub's place, or where nothing is any more. */
async function storeMark<Result>(
  { items, stub, exptime }: Turn<Result>,
  flags: number,
  text: string,
): Promise<void> {
  const item: StoredItem = { flags, data: new TextEncoder().encode(text) };
  const outcome = await replaceStub(items, stub, { ...item, exptime });
  if (outcome === "not_found") await items.add(stub.key, item, exptime);
}

function unstored(key: string, message: string): ClientException {
  const why = `it has been done, but its result could not be stored: ${message}`;
  return new ClientException(`Cannot do key "${key}" once: ${why}`, message);
}

function stillAtIt(key: string): ClientException {
  return new ClientException(`Cannot do key "${key}" once: somebody else is still at it`, key);
}
