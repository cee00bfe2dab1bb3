/** Rate limits that many processes share. @module */

import type { KeyCommands } from "../commands/key_commands.ts";
import type { OperationOptions } from "../commands/operation_options.ts";
import { withCallersKeys } from "../features/callers_keys.ts";
import { ValidationException } from "../errors.ts";
import {
  checkClient,
  checkInteger,
  checkObject,
  checkOptions,
  type OptionTypes,
  show,
} from "../option_checks.ts";
import { checkClientKey } from "./claim.ts";
import { allEnded } from "../waiting/promises.ts";

/** The options of {@linkcode rateLimit}. */
export interface RateLimitOptions extends OperationOptions {
  /** How many calls are allowed in a window: an integer from 1 to 2^53 - 1. */
  readonly limit: number;
  /** The length of a window in seconds: an integer from 1 to 1,000,000. */
  readonly window: number;
  /** The clock, in whole milliseconds since 1970; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
}

/** The result of {@linkcode rateLimit}. */
export interface RateLimitResult {
  /** Whether this call is allowed. */
  readonly allowed: boolean;
  /** How many more calls are allowed now. */
  readonly remaining: number;
  /** In how many seconds one more call is allowed, if there are no other calls; 0 when `remaining` is more than 0. */
  readonly resetAfter: number;
}

/** The counts of the previous and the current window, and how much of the current one has passed. */
interface Usage {
  readonly previous: bigint;
  readonly current: bigint;
  /** In milliseconds. */
  readonly elapsed: bigint;
}

/** The limit of a window. */
interface Rate {
  readonly limit: bigint;
  /** In milliseconds. */
  readonly length: bigint;
}

const RATE_LIMIT_OPTIONS: OptionTypes<RateLimitOptions> = {
  signal: "signal",
  failover: "failover",
  limit: "number",
  window: "number",
  now: "function",
};

const LONGEST_WINDOW = 1_000_000;
/** The length of the largest window number, with the colon before it. */
const NUMBER_LENGTH = 17;

/**
 * Allows at most `limit` calls within `window` seconds, across all processes. It is a sliding window of two counters.
 * The previous window counts in proportion to the part of it that lies within the last `window` seconds.
 *
 * Refused calls are not counted. A call takes one round trip; the first one of a window takes one more, and so does a
 * refusal. Concurrent calls are never allowed more than the limit together. While one call is being refused, another
 * call may be refused although there was room for it.
 *
 * A cache cannot count exactly. If calls were uneven in a window, up to twice the limit may pass within `window`
 * seconds. A counter that is evicted, or whose server restarts, begins again at 0. Processes whose clocks differ count
 * in different windows. When memcached cannot be reached, this throws, and the program decides whether to allow or
 * refuse. But with `failover: "miss"`, a previous window on a lost server counts as 0.
 *
 * @param client The client whose servers store the counters: a `Client` or a `Namespace`.
 * @param key Who or what is limited, 1 to 233 characters, each from `!` to `~`. The keys of the counters are this key,
 * `:` and the number of the window.
 * @param options `limit`, `window` in seconds, `now`, `signal`.
 * @returns Whether the call is allowed, and how many more are.
 * @throws {ValidationException} When the client, the key or an option is invalid.
 * @throws {ClientException} When memcached refuses.
 * @throws {SocketError} When a server cannot be reached, or the connection is lost before the reply. The call may have
 * been counted then.
 *
 * @example Two a minute
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { rateLimit } from "@moecache/moecache/patterns";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const ask = () => rateLimit(client, "login:ada", { limit: 2, window: 60, now: () => 0 });
 * assertEquals(await ask(), { allowed: true, remaining: 1, resetAfter: 0 });
 * assertEquals(await ask(), { allowed: true, remaining: 0, resetAfter: 90 });
 * assertEquals(await ask(), { allowed: false, remaining: 0, resetAfter: 90 });
 * ```
 */
export async function rateLimit(
  client: Pick<KeyCommands, "incr" | "decr">,
  key: string,
  options: RateLimitOptions,
): Promise<RateLimitResult> {
  checkClient(client, ["incr", "decr"]);
  checkObject(options, "a plain object such as { limit, window }");
  checkOptions(options, RATE_LIMIT_OPTIONS);
  const { signal, now = Date.now } = options;
  const limit = checkInteger("limit", options.limit, 1, Number.MAX_SAFE_INTEGER);
  const window = checkInteger("window", options.window, 1, LONGEST_WINDOW);
  checkClientKey(client, key, "limit");
  checkClientKey(client, key + "0".repeat(NUMBER_LENGTH), "limit");
  const length = window * 1000;
  const time = checkTime(now());
  const number = Math.floor(time / length);
  const currentKey = `${key}:${number}`;
  const previousKey = `${key}:${number - 1}`;
  const names = new Map([[currentKey, key], [previousKey, key]]);
  const named = (error: unknown) => {
    throw withCallersKeys(error, names);
  };
  // A counter that cannot be reached must not count as 0.
  const strict = { ...(signal === undefined ? {} : { signal }), failover: "error" } as const;
  // A counter is needed until the next window has ended, plus a second, because memcached's clock ticks once a second.
  const beginning = { initial: 1n, exptime: 2 * window + 1, ...strict };
  const counts = [
    client.incr(currentKey, 1n, beginning),
    client.incr(previousKey, 0n, strict),
  ] as const;
  await allEnded(counts).catch(named);
  const [current, previous = 0n] = await Promise.all(counts);
  const elapsed = BigInt(time - number * length);
  const rate = { limit: BigInt(limit), length: BigInt(length) };
  const counted = { previous, current: current!, elapsed };
  if (roomLeft(counted, rate) >= 0n) return { allowed: true, ...outlook(counted, rate) };
  await client.decr(currentKey, 1n, strict).catch(named);
  const uncounted = { ...counted, current: counted.current - 1n };
  return { allowed: false, ...outlook(uncounted, rate) };
}

/** How many more calls there is room for, multiplied by the window's milliseconds, to compute with integers. */
function roomLeft({ previous, current, elapsed }: Usage, { limit, length }: Rate): bigint {
  return (limit - current) * length - previous * (length - elapsed);
}

function outlook(usage: Usage, rate: Rate): Omit<RateLimitResult, "allowed"> {
  const room = roomLeft(usage, rate);
  if (room >= rate.length) return { remaining: Number(room / rate.length), resetAfter: 0 };
  return { remaining: 0, resetAfter: Number(millisecondsUntilRoom(usage, rate)) / 1000 };
}

/** In how many milliseconds there is room for one more call. */
function millisecondsUntilRoom(usage: Usage, { limit, length }: Rate): bigint {
  const { previous, current, elapsed } = usage;
  const room = limit - 1n;
  // A window's count slides out evenly during the next window.
  if (current <= room) return slideOut(previous, room - current, length) - elapsed;
  return length - elapsed + slideOut(current, room, length);
}

/** In how many milliseconds, rounded up, at most `room` of a window's `count` still counts. */
function slideOut(count: bigint, room: bigint, length: bigint): bigint {
  return (length * (count - room) + count - 1n) / count;
}

function checkTime(value: number): number {
  if (Number.isFinite(value)) return Math.floor(value);
  const returned = typeof value === "number" ? value : `something ${show(value)}`;
  throw new ValidationException(
    `Cannot use now: it returned ${returned}, which is not a time`,
    value,
  );
}
