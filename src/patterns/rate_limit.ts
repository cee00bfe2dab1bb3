/** Rate limits that many processes share. @module */

import type { KeyCommands } from "../commands/key_commands.ts";
import type { OperationOptions } from "../commands/operation_options.ts";
import { ValidationException } from "../errors.ts";
import { checkInteger, checkOptions, type OptionTypes } from "../option_checks.ts";
import { checkKey } from "../protocol/key.ts";

/** What is allowed. */
export interface RateLimitOptions extends OperationOptions {
  /** How many are allowed in a window: an integer from 1 to 2^53 - 1. */
  readonly limit: number;
  /** How long a window is, in seconds: an integer from 1 to 1,000,000. */
  readonly window: number;
  /** The clock, in milliseconds since 1970, without their fractions; `Date.now` by default. */
  readonly now?: () => number;
}

/** What is said to one who asks. */
export interface RateLimitResult {
  /** Whether this one is allowed. */
  readonly allowed: boolean;
  /** How many more are allowed at once. */
  readonly remaining: number;
  /** In how many seconds one more is allowed if nobody else asks; 0 when `remaining` is more. */
  readonly resetAfter: number;
}

/** How far two windows have been used, and how much of the present one has passed. */
interface Usage {
  readonly previous: bigint;
  readonly current: bigint;
  /** In milliseconds. */
  readonly elapsed: bigint;
}

/** What is allowed in a window. */
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
/** The digits of the largest number of a window, and the colon before them. */
const NUMBER_LENGTH = 17;

/**
 * Counts one, if no more than `limit` were counted in the last `window` seconds: a sliding window of two
 * counters. Of the previous window, that share is counted which still lies within the last `window`
 * seconds, as if it had been used evenly.
 *
 * What is refused is not counted. It takes one round trip, and a second to refuse. Those who ask at once
 * are never allowed more than the limit between them; while one is being refused, others may be who
 * would have had room.
 *
 * What a cache cannot promise: an exact count. A window that was not used evenly can let up to twice the
 * limit pass within `window` seconds; a counter that is evicted, or on a server that restarts, begins
 * again at 0; and clocks that differ count in different windows. Where memcached cannot be reached, it
 * throws: whether that allows or refuses is yours to say. But a client that takes what it cannot reach for
 * a miss counts nothing of a previous window whose server is lost.
 *
 * @param client Whose servers count: a `Client`, or a `Namespace` of one.
 * @param key Who or what is limited, 1 to 233 characters, each from `!` to `~`; the counters are under
 * it, `:` and the number of the window.
 * @param options `limit`, `window` in seconds, `now`, `signal`.
 * @returns Whether it is allowed, and what is left.
 * @throws {ValidationException} When the key or an option is invalid.
 * @throws {ClientException} When memcached refuses.
 * @throws {SocketError} When a server cannot be reached, or is lost before it has answered; it may have been
 * counted then.
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
  checkOptions(options, RATE_LIMIT_OPTIONS);
  const { signal, now = Date.now } = options;
  const limit = checkInteger("limit", options.limit, 1, Number.MAX_SAFE_INTEGER);
  const window = checkInteger("window", options.window, 1, LONGEST_WINDOW);
  checkKey(key, "limit");
  checkKey(key + "0".repeat(NUMBER_LENGTH), "limit");
  const length = window * 1000;
  const time = checkTime(now());
  const number = Math.floor(time / length);
  const currentKey = `${key}:${number}`;
  // What it cannot count it must not take for nothing.
  const strict = { ...(signal === undefined ? {} : { signal }), failover: "error" } as const;
  // A window counts until the next one has ended; a second more, for memcached's clock ticks once a second.
  const beginning = { initial: 1n, exptime: 2 * window + 1, ...strict };
  const [current, previous = 0n] = await Promise.all([
    client.incr(currentKey, 1n, beginning),
    client.incr(`${key}:${number - 1}`, 0n, strict),
  ]);
  const elapsed = BigInt(time - number * length);
  const rate = { limit: BigInt(limit), length: BigInt(length) };
  const counted = { previous, current: current!, elapsed };
  if (roomLeft(counted, rate) >= 0n) return { allowed: true, ...outlook(counted, rate) };
  await client.decr(currentKey, 1n, strict);
  const uncounted = { ...counted, current: counted.current - 1n };
  return { allowed: false, ...outlook(uncounted, rate) };
}

/** How many more there is room for, times the milliseconds of a window: so it is exact. */
function roomLeft({ previous, current, elapsed }: Usage, { limit, length }: Rate): bigint {
  return (limit - current) * length - previous * (length - elapsed);
}

function outlook(usage: Usage, rate: Rate): Omit<RateLimitResult, "allowed"> {
  const room = roomLeft(usage, rate);
  if (room >= rate.length) return { remaining: Number(room / rate.length), resetAfter: 0 };
  return { remaining: 0, resetAfter: Number(millisecondsUntilRoom(usage, rate)) / 1000 };
}

/** How many milliseconds pass until there is room for one more. */
function millisecondsUntilRoom(usage: Usage, { limit, length }: Rate): bigint {
  const { previous, current, elapsed } = usage;
  const room = limit - 1n;
  // What was counted slides out evenly in the window after its own.
  if (current <= room) return slideOut(previous, room - current, length) - elapsed;
  return length - elapsed + slideOut(current, room, length);
}

/** How many milliseconds pass, rounded up, until of a window's `count` no more than `room` still counts. */
function slideOut(count: bigint, room: bigint, length: bigint): bigint {
  return (length * (count - room) + count - 1n) / count;
}

function checkTime(value: number): number {
  if (Number.isFinite(value)) return Math.floor(value);
  throw new ValidationException(`Cannot use now: it gave ${value}, which is no time`, value);
}
