/** The client's options, their defaults and their checks. @module */

import { quote, ValidationException } from "./errors.ts";
import type { Exptime } from "./protocol/exptime.ts";
import type { LocatorFactory } from "./routing/locator.ts";
import { moecacheRing } from "./routing/moecache_ring.ts";
import { moecacheTranscoder } from "./transcoding/moecache_transcoder.ts";
import { isFlags } from "./transcoding/item_codec.ts";
import type { Transcoder } from "./transcoding/transcoder.ts";

/** How a `Client` behaves. Every option may be left out. */
export interface ClientOptions {
  /**
   * Milliseconds an operation may take, from the turn of the event loop that it is issued in to its
   * reply, 1 to 2,147,483,647; then it is rejected with a `TimeoutError`, and the connection that owes
   * the reply is ended. Without it an operation may wait for ever.
   */
  readonly timeout?: number;
  /**
   * Milliseconds connecting may take, in the same range. An operation that is issued while there is no
   * connection has this long for it and its whole `timeout` afterwards. Without it, `timeout` covers
   * both.
   */
  readonly connectTimeout?: number;
  /** Chooses the server of each key. {@linkcode moecacheRing} unless given. */
  readonly locator?: LocatorFactory;
  /** Turns values into what is stored and back. {@linkcode moecacheTranscoder} unless given. */
  readonly transcoder?: Transcoder;
  /**
   * Sockets per server, 1 to 1,024; 1 unless given. More are opened only while all are busy. With more
   * than one, operations of the same turn may be carried out in another order.
   */
  readonly connections?: number;
  /**
   * Operations that may wait for one server at once, 1 to 2^30; 2^20 unless given. Further ones are
   * rejected with a `SocketError`, so that a server which does not answer costs bounded memory.
   */
  readonly maxPending?: number;
  /**
   * The longest value, in bytes, that is accepted from a server, 1 to 2^30, which is memcached's own
   * largest; 2^27 (128 MiB) unless given. A reply that declares a longer one ends the connection.
   */
  readonly maxValueBytes?: number;
  /** Whether the system probes idle connections (TCP keep-alive); `true` unless given. */
  readonly keepAlive?: boolean;
  /** Whether packets leave at once (TCP_NODELAY); `true` unless given. */
  readonly noDelay?: boolean;
  /**
   * How sockets are read and written: `"direct"` lets the runtime's connection read into and write from
   * the client's own buffers where it can (Deno's can, for two thirds of the processor time of a round trip);
   * `"streams"` always goes through its Web Streams. `"direct"` unless given.
   */
  readonly io?: "direct" | "streams";
}

/** What an operation can be told besides its arguments. */
export interface OperationOptions {
  /**
   * Ends the operation early: it is rejected with the signal's reason. The server may carry out a
   * request that has left already; its reply is dropped.
   */
  readonly signal?: AbortSignal;
}

/** How a counter is counted. */
export interface CounterOptions extends OperationOptions {
  /** What a counter begins with that does not exist: 0 to 2^64 - 1. */
  readonly initial?: bigint | number;
  /** When a counter that is made with `initial` expires; never unless given. */
  readonly exptime?: Exptime;
}

/** Options that have been checked and completed. */
export interface ResolvedOptions {
  readonly timeout: number | undefined;
  readonly connectTimeout: number | undefined;
  readonly locator: LocatorFactory;
  readonly transcoder: Transcoder;
  readonly connections: number;
  readonly maxPending: number;
  readonly maxValueBytes: number;
  readonly keepAlive: boolean;
  readonly noDelay: boolean;
  readonly direct: boolean;
}

/** What timers can count. */
const LONGEST_TIMEOUT = 0x7fffffff;
/** The largest item size that memcached can be configured for (`-I`), in bytes. */
const LARGEST_ITEM = 2 ** 30;

/**
 * Checks options and fills in the defaults.
 *
 * @throws {ValidationException} When one is not what it should be.
 */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  check("options", options, typeof options === "object" && options !== null, "an object");
  const { timeout, connectTimeout, keepAlive = true, noDelay = true, io = "direct" } = options;
  const { connections = 1, maxPending = 2 ** 20, maxValueBytes = 2 ** 27 } = options;
  const { locator = moecacheRing, transcoder = moecacheTranscoder } = options;
  if (timeout !== undefined) checkRange("timeout", timeout, LONGEST_TIMEOUT);
  if (connectTimeout !== undefined) checkRange("connectTimeout", connectTimeout, LONGEST_TIMEOUT);
  checkCount("connections", connections, 1024);
  checkCount("maxPending", maxPending, 2 ** 30);
  checkCount("maxValueBytes", maxValueBytes, LARGEST_ITEM);
  check("keepAlive", keepAlive, typeof keepAlive === "boolean", "a boolean");
  check("noDelay", noDelay, typeof noDelay === "boolean", "a boolean");
  check("locator", locator, typeof locator === "function", "a function");
  check("transcoder", transcoder, isTranscoder(transcoder), "an object with encode and decode");
  check("io", io, io === "direct" || io === "streams", `"direct" or "streams"`);
  const limits = { timeout, connectTimeout, connections, maxPending, maxValueBytes };
  return { ...limits, keepAlive, noDelay, locator, transcoder, direct: io === "direct" };
}

function checkCount(name: string, value: unknown, largest: number): void {
  checkRange(name, value, largest);
  check(name, value, Number.isInteger(value), "an integer");
}

function checkRange(name: string, value: unknown, largest: number): void {
  const inRange = typeof value === "number" && value >= 1 && value <= largest;
  check(name, value, inRange, `a number from 1 to ${largest}`);
}

function check(name: string, value: unknown, valid: boolean, expected: string): void {
  if (valid) return;
  const shown = typeof value === "number" ? `${value}` : quote(value);
  throw new ValidationException(`Cannot use ${name} ${shown}: it must be ${expected}`, value);
}

function isTranscoder(value: unknown): boolean {
  const { encode, decode, textFlags = 0, longestText = 0 } = (value ?? {}) as Partial<Transcoder>;
  const isComplete = typeof encode === "function" && typeof decode === "function";
  return isComplete && isFlags(textFlags) && longestText >= 0;
}
