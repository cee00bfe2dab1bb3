/** Idempotency: several callers ask for an action, and it runs once. @module */

import type { KeyCommands } from "../commands/key_commands.ts";
import type { OperationOptions } from "../commands/operation_options.ts";
import { writeAndReadInTime, type WrittenAndRead } from "../commands/bounded_work.ts";
import { clockOf, sessionOf } from "../commands/session.ts";
import { ClientException } from "../errors.ts";
import { checkClient, checkFunction, checkOptions, type OptionTypes } from "../option_checks.ts";
import {
  callAs,
  type Caller,
  presentLoad,
  useAtOnce,
  waitAs,
  waitsFor,
} from "../features/load_callers.ts";
import { beforeClosing } from "../features/farewell.ts";
import type { Running } from "../features/loads.ts";
import {
  dropStub,
  findStub,
  type FoundItem,
  type ItemCommands,
  keptMessageOf,
  replaceStub,
  storeIfThere,
  type Stub,
  textOf,
} from "../features/stub.ts";
import { isUnreachable } from "../protocol/backend_failure.ts";
import { checkExptime, type Exptime } from "../protocol/exptime.ts";
import { checkSeconds, checkWaitFor } from "../protocol/seconds.ts";
import {
  FAILURE_FLAGS,
  isReserved,
  type SendableItem,
  UNDEFINED_FLAGS,
} from "../transcoding/item_codec.ts";
import type { Clock } from "../waiting.ts";
import { backoff, pause } from "../waiting/timers.ts";
import { checkClientKey, claim, strictItems } from "./claim.ts";

/** The options of {@linkcode once}. */
export interface OnceOptions extends OperationOptions {
  /** When the stored result expires, as for `set`; never by default. */
  readonly exptime?: Exptime | undefined;
  /**
   * How long the client that runs `action` blocks the others, in seconds: an integer from 1 to 2,592,000 (30 days); 30
   * by default. It must be longer than `action` takes, or `action` may run twice.
   */
  readonly lockFor?: number | undefined;
  /** How long to wait while another client runs `action`, in seconds: a number from 0 to 2,592,000; 30 by default. */
  readonly waitFor?: number | undefined;
}

const ONCE_OPTIONS: OptionTypes<OnceOptions> = {
  signal: "signal",
  failover: "failover",
  exptime: "any",
  lockFor: "number",
  waitFor: "number",
};

/** How often storing the result is tried: each time over a new connection. */
const MOST_ATTEMPTS = 3;

/**
 * Runs an action at the first call with a key; later calls return the stored result.
 *
 * When `action` fails, only this caller gets the error, and the next caller runs it again. A client that crashes while
 * it runs `action` blocks the others for `lockFor`.
 *
 * When `action` has succeeded and its result cannot be stored, `action` does not run again. If the transcoder cannot
 * represent the result, or memcached refuses it as too large, this caller gets the error. The others get a
 * `ClientException` that quotes it, until `exptime` has passed. If the connection is lost, storing the result is tried
 * twice more. If `lockFor` has passed or the server has restarted, the result is stored unless another client has
 * begun.
 *
 * A cache cannot guarantee that `action` runs only once. It runs again when the result has expired or been evicted,
 * when a server has restarted or been replaced, when `action` takes longer than `lockFor`, when the client crashes
 * after `action` has had its effect and before the result is stored, and when all three attempts to store the result
 * fail. For a payment, pass the key to the payment service as well.
 *
 * @param client The client whose servers store the result.
 * @param key The name of the action, for example a request's idempotency key; 1 to 250 characters, each from `!` to
 * `~`, or what the client's option `keys` takes.
 * @param action The action. Its result is stored; the transcoder must be able to represent it.
 * @param options `exptime`, `lockFor` and `waitFor`, in seconds; `signal`, which stops waiting for another client and
 * for the server. It does not stop an `action` that has begun, nor storing its result.
 * @returns The result of this or an earlier call, as the transcoder reads it: all callers get the same, even if the
 * transcoder turns a value into another type, for example a `Map`.
 * @throws The error of `action`.
 * @throws {ValidationException} When the client, the key, an option or the result is invalid.
 * @throws {ClientException} When another client has been running `action` for all of `waitFor`; when `action` has run,
 * but its result could not be stored; when memcached refuses. Also when `action` asks for its own result, which a
 * worker with neither `nodejs_compat` nor `nodejs_als` notices only before its first `await`.
 * @throws {SocketError} When the server cannot be reached, or the connection is lost before the reply. `action` may
 * have run then.
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
  checkClient(client);
  checkOptions(options, ONCE_OPTIONS);
  const exptime = checkExptime(options.exptime, Date.now);
  const lockFor = checkSeconds("lockFor", options.lockFor ?? 30, 1);
  const waitFor = checkWaitFor(options.waitFor ?? 30);
  const { signal } = options;
  const signals = signal === undefined ? {} : { signal };
  checkClientKey(client, key, "do once");
  checkFunction("action", action);
  const items = strictItems(client);
  const clock = clockOf(client);
  const deadline = clock.now() + waitFor * 1000;
  const outer = presentLoad();
  /** A value that the last round has found after it had read none: what a view takes for absent, or a new one. */
  let found: FoundItem | undefined;
  for (let attempt = 0;; attempt++) {
    signal?.throwIfAborted();
    // A fault that counts as a miss does not make a value absent.
    const reading = found === undefined ? signals : { ...signals, failover: "error" } as const;
    const result = await client.get<Result>(key, reading);
    if (result !== undefined) return result;
    const stub = await claim(items, key, lockFor, signal, found);
    if (stub !== undefined) return await actFor(outer, { client, items, action, stub, exptime });
    const mark = await items.gets(key, signals);
    found = mark && !isReserved(mark.value.flags) ? mark : undefined;
    if (mark?.value.flags === UNDEFINED_FLAGS) return undefined as Result;
    if (mark?.value.flags === FAILURE_FLAGS) throw unstored(key, textOf(mark.value));
    const running = mark && runningActions.get(textOf(mark.value));
    if (outer && running && waitsFor(running, outer)) throw waitsForItself(key);
    const left = deadline - clock.now();
    if (left <= 0) throw stillAtIt(key);
    const pausing = pause(clock, Math.min(left, backoff(attempt)), signal);
    await (running === undefined ? pausing : waitAs(outer, running, pausing));
  }
}

/** The actions that this process is running, by the texts of their stubs. */
const runningActions = /* @__PURE__ */ new Map<string, Running>();

/** An action that this caller may run, because it has claimed the key by a stub. */
interface Claimed<Result> {
  readonly client: KeyCommands;
  readonly items: ItemCommands;
  readonly action: () => Result | Promise<Result>;
  readonly stub: Stub;
  readonly exptime: number;
}

/** Runs the action for a caller, which may be another action or a load. */
async function actFor<Result>(
  outer: Running | undefined,
  claimed: Claimed<Result>,
): Promise<Result> {
  const { stub: { nonce } } = claimed;
  const running: Running = { isServing: false, waits: new Set() };
  const caller: Caller = { load: running };
  runningActions.set(nonce, running);
  try {
    return await waitAs(outer, running, act(claimed, caller));
  } finally {
    caller.load = undefined;
    runningActions.delete(nonce);
  }
}

/** The result of an action. */
interface Acted<Result> {
  readonly result: Result;
  /** The encoded result; `undefined` if there is none, or if the format is not known, as with a view. */
  readonly written: Promise<WrittenAndRead> | undefined;
}

async function act<Result>(claimed: Claimed<Result>, caller: Caller): Promise<Result> {
  const { items } = claimed;
  const { result, written } = await attempt(claimed, caller);
  try {
    const stored = await written;
    await remember(items, () => storeResult(claimed, result, stored));
    const read = stored?.value as Result | undefined;
    return read === undefined ? await readBack(claimed, result) : read;
  } catch (error) {
    // The action's error is thrown, not the error of removing the stub: the stub expires.
    if (!isUnreachable(error)) {
      await Promise.allSettled([remember(items, () => storeFailure(claimed, error))]);
    }
    throw error;
  }
}

/** Begins to encode a result at once, because the caller may change it later. */
function encode<Result>({ client, stub: { key } }: Claimed<Result>, result: Result): Acted<Result> {
  const session = sessionOf(client);
  if (session === undefined || result === undefined) return { result, written: undefined };
  const written = writeAndReadInTime(session, result, key, `do key "${key}" once`);
  // It may be rejected before it is awaited.
  written.catch(() => {});
  return { result, written };
}

/** The stored result; the action's own if it has been lost since. */
async function readBack<Result>(
  { client, items, stub: { key } }: Claimed<Result>,
  result: Result,
): Promise<Result> {
  if (result === undefined) return result;
  const read = await remember(items, () => client.get<Result>(key));
  return read === undefined ? result : read;
}

async function attempt<Result>(claimed: Claimed<Result>, caller: Caller): Promise<Acted<Result>> {
  const { items, action, stub } = claimed;
  try {
    const run = () => useAtOnce(action(), (result) => encode(claimed, result));
    return await callAs(caller, run) as Acted<Result>;
  } catch (error) {
    await dropStub(items, stub);
    throw error;
  }
}

/** Stores the outcome, or reads it. Doing this twice does no harm: it never replaces another client's item. */
async function remember<Done>(
  { clock, session }: ItemCommands,
  send: () => Promise<Done>,
): Promise<Done> {
  return await beforeClosing(session, () => tryToRemember(clock, send));
}

async function tryToRemember<Done>(clock: Clock, send: () => Promise<Done>): Promise<Done> {
  for (let attempt = 1;; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (!isUnreachable(error) || attempt === MOST_ATTEMPTS) throw error;
      await pause(clock, backoff(attempt));
    }
  }
}

/** Stores the result in place of the stub, or if the key does not exist. */
async function storeResult<Result>(
  claimed: Claimed<Result>,
  result: Result,
  written: WrittenAndRead | undefined,
): Promise<void> {
  const { client, items, stub, exptime } = claimed;
  if (result === undefined) return await storeMark(claimed, UNDEFINED_FLAGS, "");
  if (written !== undefined) return await storeItem(claimed, written.item);
  const { key } = stub;
  const strict = { failover: "error" } as const;
  const outcome = await storeIfThere(
    () => findStub(items, stub),
    ({ cas }) => client.cas(key, result, cas, exptime, strict),
  );
  // If it is not stored now, another client has begun.
  if (outcome === "not_found") await client.add(key, result, exptime, strict);
}

async function storeFailure<Result>(claimed: Claimed<Result>, error: unknown): Promise<void> {
  await storeMark(claimed, FAILURE_FLAGS, keptMessageOf(error));
}

/** Stores a mark in place of the stub, or if the key does not exist. */
async function storeMark<Result>(
  claimed: Claimed<Result>,
  flags: number,
  data: string,
): Promise<void> {
  await storeItem(claimed, { flags, data });
}

async function storeItem<Result>(
  { items, stub, exptime }: Claimed<Result>,
  { flags, data }: SendableItem,
): Promise<void> {
  const item = { flags, data: typeof data === "string" ? new TextEncoder().encode(data) : data };
  const outcome = await replaceStub(items, stub, { ...item, exptime });
  // If it is not stored now, another client has begun.
  if (outcome === "not_found") await items.add(stub.key, item, exptime);
}

function unstored(key: string, message: string): ClientException {
  const why = `the action has run, but its result could not be stored: ${message}`;
  return new ClientException(`Cannot get the result of key "${key}": ${why}`, message);
}

function waitsForItself(key: string): ClientException {
  return new ClientException(
    `Cannot get the result of key "${key}": the action would wait for itself`,
    key,
  );
}

function stillAtIt(key: string): ClientException {
  return new ClientException(
    `Cannot get the result of key "${key}": another client is still running the action`,
    key,
  );
}
