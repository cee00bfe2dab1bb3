/** The client's options, their defaults and their checks. @module */

import type { SocketHolder, Sockets } from "./connection/bounded_sockets.ts";
import type { Discovery } from "./discovery/discovery.ts";
import { ValidationException } from "./errors.ts";
import {
  checkBoolean,
  checkChoice,
  checkFunction,
  checkInteger,
  checkOptions,
  invalidOption,
  type OptionTypes,
} from "./option_checks.ts";
import { CheckedCredentials, type Credentials } from "./protocol/credentials.ts";
import { LONGEST_RELATIVE } from "./protocol/exptime.ts";
import type { LocatorFactory } from "./routing/locator.ts";
import { moecacheRing } from "./routing/moecache_ring.ts";
import { checkTranscoder } from "./transcoding/item_codec.ts";
import {
  type ResolvedServer,
  resolveServers,
  type ServerAddress,
  type ServerDefaults,
} from "./server_address.ts";
import type { Transcoder } from "./transcoding/transcoder.ts";
import { checkedDial, dial as dialHere } from "./transport/dial.ts";
import { isWorker } from "./transport/runtime.ts";
import { checkTls } from "./transport/tls_options.ts";
import type { Dial, TlsOptions } from "./transport/transport.ts";
import { type Clock, systemClock } from "./waiting.ts";

/** Servers that stand in for those that are down. */
export interface Gutter {
  /** The spare servers, one or a list of them; keys are spread over them by the client's locator. */
  readonly gutter: ServerAddress | readonly ServerAddress[];
  /** The most seconds that an item lives there, whatever its exptime: 1 to 2,592,000; 60 unless given. */
  readonly maxExptime?: number;
}

/**
 * What becomes of operations whose server fails, besides the error they are rejected with:
 *
 * - `"error"`: nothing, as with Python moecache. An operation never leaves its server.
 * - `"remove"`: a server that is down leaves the ring, as with EnyimMemcached: its keys belong to the others
 *   until it has answered a probe. What it holds is as old as its absence when it returns.
 * - `"miss"`: reads find nothing and writes are dropped, without an error; `Client.servers` counts them.
 *   `getOrSet` computes values and does not store them. What promises a value, or to have been carried out,
 *   still fails: `incr` and `decr` with `initial`, `update`, `meta`, namespaces, whose keys depend on a counter,
 *   the patterns other than `memoize`, and what asks all servers.
 * - a {@linkcode Gutter}: other servers stand in, with short lifetimes, as at Facebook.
 */
export type Failover = "error" | "remove" | "miss" | Gutter;

/** How a `Client` behaves. Every option may be left out. */
export interface ClientOptions {
  /**
   * Milliseconds an operation may take, from the turn of the event loop that it is issued in to its
   * value, 1 to 2,147,483,647; then it is rejected with a `TimeoutError`, and the connection that owes
   * the reply is ended. Decoding the value counts as well. No limit by default: then an operation may take as
   * long as it likes while its server sends something, as `stallTimeout` says.
   */
  readonly timeout?: number;
  /**
   * Milliseconds connecting may take, authentication included, in the same range. An operation that is issued
   * while there is no connection has this long for it and its whole `timeout` afterwards. By default `timeout`
   * covers both; without a `timeout` connecting may take 10,000.
   */
  readonly connectTimeout?: number;
  /**
   * Milliseconds a server may send nothing at all while operations wait for it, in the same range; 10,000 by
   * default. Then the connection ends with a `TimeoutError`, which counts as a failure of the server. A server
   * that sends something, however slowly, is not cut off, and neither is one that takes a large value slowly.
   *
   * The time counts only while something waits, and only while this process runs: a process that was blocked or
   * suspended reads first what has come. It may fire late by a quarter of the time. `watch` waits for events as
   * long as it takes. `Infinity` for no limit: then an operation may wait for ever, as in the Python library.
   *
   * @example A server that accepts and never answers
   * ```ts
   * import { Client, TimeoutError } from "@moecache/moecache";
   * import { assertRejects } from "@std/assert";
   *
   * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
   * await using client = new Client(["127.0.0.1", listener.addr.port], { stallTimeout: 20 });
   *
   * await assertRejects(() => client.get("key"), TimeoutError, "it has sent nothing for 20 ms");
   * ```
   */
  readonly stallTimeout?: number;
  /** Chooses the server of each key. {@linkcode moecacheRing} unless given. */
  readonly locator?: LocatorFactory;
  /** Turns values into what is stored and back. `moecacheTranscoder` unless given. */
  readonly transcoder?: Transcoder;
  /**
   * Sockets per server, 1 to 1,024; 1 unless given. More are opened only while all are busy. With more
   * than one, operations of the same turn may be carried out in another order.
   */
  readonly connections?: number;
  /**
   * Operations that may wait for one server at once, 1 to 2^30; 2^20 by default. An operation that is issued
   * while so many wait is rejected at once, with a `SocketError`; those that wait are not affected. So a server
   * that does not answer costs bounded memory.
   */
  readonly maxPending?: number;
  /**
   * Bytes of values that may wait at once to be stored on one server, until it has answered, 1 to 2^53 - 1; 2^30
   * (1 GiB) by default. Text counts a byte a character. An operation whose value does not fit beside those that
   * wait is rejected at once, as with `maxPending`; so is one whose value alone is larger.
   */
  readonly maxPendingBytes?: number;
  /**
   * Sockets of the whole client at once, 1 to 65,536; 6 on Cloudflare's workers by default, no limit elsewhere.
   * Where another is needed the one that has been idle for longest is closed for it; while all are busy, what
   * needs one waits in its order, within `connectTimeout`. `watch`, `items` and discovery use sockets of their
   * own, which count and are not closed for others.
   *
   * A worker may have six connections open at once for a request, and what it does besides counts as well: its
   * own `fetch`, and storage such as KV, R2 or D1. A worker that does such things while it uses the client should
   * leave room for them: `maxSockets: 4`, say.
   */
  readonly maxSockets?: number;
  /**
   * The longest value, in bytes, that is accepted from a server, 1 to 2^30, which is memcached's own
   * largest; 2^27 (128 MiB) unless given. A reply that declares a longer one ends the connection, which does
   * not count as a failure of the server.
   */
  readonly maxValueBytes?: number;
  /** Whether the system probes idle connections (TCP keep-alive); `true` unless given. Workers have no say. */
  readonly keepAlive?: boolean;
  /** Whether packets leave at once (TCP_NODELAY); `true` unless given. Workers have no say. */
  readonly noDelay?: boolean;
  /** What becomes of operations whose server fails; `"error"` unless given. */
  readonly failover?: Failover;
  /**
   * How many times in a row a server may fail before it counts as down, 1 to 1,000; 3 unless given. What
   * fails is a connection: it cannot be opened, is lost while operations wait on it, owes a reply that
   * is overdue, or brings nothing for `stallTimeout`. What a server refuses is not a failure. While a server is down operations on it fail at once, unless `failover` says otherwise;
   * with `failover: "error"` they still try one that refuses connections, which costs no waiting.
   */
  readonly failuresBeforeDead?: number;
  /**
   * A server that is down is asked again after a delay by chance, whose bound doubles each time: from this
   * many milliseconds, 1 to 2,147,483,647; 100 unless given.
   */
  readonly probeDelay?: number;
  /** The longest that bound becomes, in milliseconds, in the same range; 10,000 unless given. */
  readonly maxProbeDelay?: number;
  /**
   * How often a `get`, `gets` or `getMany` is sent again, as long as its time is not up, when its connection
   * is lost, 0 to 100; 0 by default. Nothing else is sent twice, with one exception that does not depend on
   * this: where a refusal may have been for another key, a `get`, `gets` or `getMany` is sent again.
   */
  readonly retries?: number;
  /**
   * Looks up the servers, for as long as the client runs: `elastiCache`, `dns`, or a {@linkcode Discovery} of
   * your own. The list that the client is made with, which may then be empty, goes until the first answer.
   *
   * The first operation has the servers looked up; without a list, operations wait for the answer as for a
   * connection, and are rejected with a `SocketError` when there is none. From then on the look-up is repeated
   * at the discovery's interval, and within a second when a server fails. One that fails leaves the list as it
   * is, is told as an `error` event, and repeated after a delay as with `probeDelay`. A list that changed is
   * taken as with `Client.setServers`, which goes on to work: what it sets stays until discovery has news.
   */
  readonly discovery?: Discovery;
  /**
   * How sockets are read and written: `"direct"` lets the runtime's connection read into and write from
   * the client's own buffers where it can (Deno's, Bun's and Node's can; on Deno that takes two thirds of the processor time of a round trip);
   * `"streams"` always goes through its Web Streams. `"direct"` unless given.
   */
  readonly io?: "direct" | "streams";
  /**
   * Whether TLS is spoken with the servers, and how: `true` trusts the authorities that the runtime
   * trusts. The servers' certificates and names are always verified. An address may say otherwise; no TLS
   * unless one of the two asks for it.
   */
  readonly tls?: boolean | TlsOptions;
  /**
   * Who the client is, for servers that demand authentication in the text protocol (memcached's `-Y`): said
   * first on every connection, as part of connecting. An address may say otherwise. Without TLS it travels
   * readable for everybody on the way.
   */
  readonly auth?: Credentials;
  /**
   * Opens the sockets, in place of the runtime's own: through a tunnel or a proxy, say, or for a test. What
   * it rejects with becomes the `cause` of a `SocketError`. A socket that it opens after its signal was
   * aborted is closed unused.
   *
   * @example A server that is in the same process, reached without a socket
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { assertEquals } from "@std/assert";
   *
   * const answer = new TextEncoder().encode("VALUE greeting 274 5\r\nhello\r\nEND\r\n");
   * await using client = new Client("in-memory", {
   *   dial: () => {
   *     const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
   *       transform: (_request, replies) => replies.enqueue(answer),
   *     });
   *     return Promise.resolve({ readable, writable, close() {} });
   *   },
   * });
   *
   * assertEquals(await client.get("greeting"), "hello");
   * ```
   *
   * @example A log of the connections
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * const dialled: unknown[] = [];
   * await using client = new Client(server.address, {
   *   dial: ({ hostname, port }, { signal }) => {
   *     dialled.push(port);
   *     return Deno.connect({ hostname: hostname!, port: port!, signal });
   *   },
   * });
   *
   * await client.set("key", "value");
   * assertEquals(dialled, [server.port]);
   * ```
   */
  readonly dial?: Dial;
  /**
   * What the servers are asked in. `"classic"`: in nothing but the commands that every memcached knows, for servers
   * and proxies without meta commands. `"meta"`: in meta commands where those do more, whatever the servers answer.
   * By default each server is asked in meta commands until it answers that it does not know them, or until its
   * version says so. All clients of a deployment have to use the same.
   */
  readonly dialect?: "classic" | "meta";
  /** Where the client takes the time from; the runtime's clock by default. For tests of timeouts. */
  readonly clock?: Clock;
}

/** How a `BareClient` behaves. Every option but the transcoder may be left out. */
export interface BareClientOptions extends ClientOptions {
  /** Turns values into what is stored and back. */
  readonly transcoder: Transcoder;
}

/** Options that have been checked and completed. */
export interface ResolvedOptions {
  readonly timeout: number;
  readonly connectTimeout: number;
  readonly timesConnectingApart: boolean;
  readonly stallTimeout: number;
  readonly clock: Clock;
  readonly locator: LocatorFactory;
  readonly transcoder: Transcoder;
  readonly connections: number;
  readonly maxPending: number;
  readonly maxPendingBytes: number;
  readonly sockets: Sockets | undefined;
  readonly maxValueBytes: number;
  readonly keepAlive: boolean;
  readonly noDelay: boolean;
  readonly direct: boolean;
  readonly dial: Dial;
  readonly tls: TlsOptions | boolean | undefined;
  readonly credentials: CheckedCredentials | undefined;
  readonly failover: "error" | "remove" | "miss" | ResolvedGutter;
  readonly failuresBeforeDead: number;
  readonly probeDelay: number;
  readonly maxProbeDelay: number;
  readonly retries: number;
  readonly discovery: Discovery | undefined;
  readonly dialect: ClientOptions["dialect"];
}

/** A gutter that has been checked and completed. */
export interface ResolvedGutter {
  readonly servers: readonly ResolvedServer[];
  readonly maxExptime: number;
}

/** The names of the options; what they are is checked one by one. */
const CLIENT_OPTIONS: OptionTypes<ClientOptions> = {
  timeout: "any",
  connectTimeout: "any",
  stallTimeout: "any",
  locator: "any",
  transcoder: "any",
  connections: "any",
  maxPending: "any",
  maxPendingBytes: "any",
  maxSockets: "any",
  maxValueBytes: "any",
  keepAlive: "any",
  noDelay: "any",
  failover: "any",
  failuresBeforeDead: "any",
  probeDelay: "any",
  maxProbeDelay: "any",
  retries: "any",
  discovery: "any",
  io: "any",
  tls: "any",
  auth: "any",
  dial: "any",
  dialect: "any",
  clock: "any",
};

const GUTTER_OPTIONS: OptionTypes<Gutter> = { gutter: "any", maxExptime: "number" };

/** What timers can count. */
const LONGEST_TIMEOUT = 0x7fffffff;
/** How long connecting may take, and a server may be silent, by default. */
const DEFAULT_PATIENCE = 10_000;
/** How many connections a worker may have open at once for a request. */
const WORKER_SOCKETS = 6;
/** The largest item size that memcached can be configured for (`-I`), in bytes. */
const LARGEST_ITEM = 2 ** 30;

/**
 * Checks options and fills in the defaults.
 *
 * @throws {ValidationException} When one is not what it should be.
 */
export function resolveOptions(options: BareClientOptions): ResolvedOptions {
  checkOptions(options, CLIENT_OPTIONS);
  const { timeout = Infinity, keepAlive = true, noDelay = true, io = "direct" } = options;
  const { connectTimeout = options.timeout ?? DEFAULT_PATIENCE, clock = systemClock } = options;
  const { stallTimeout = DEFAULT_PATIENCE, maxPendingBytes = 2 ** 30, maxSockets } = options;
  const { connections = 1, maxPending = 2 ** 20, maxValueBytes = 2 ** 27 } = options;
  const { locator = moecacheRing, transcoder, dial, dialect } = options;
  if (options.timeout !== undefined) checkRange("timeout", timeout, LONGEST_TIMEOUT);
  if (options.connectTimeout !== undefined) {
    checkRange("connectTimeout", connectTimeout, LONGEST_TIMEOUT);
  }
  if (stallTimeout !== Infinity) checkRange("stallTimeout", stallTimeout, LONGEST_TIMEOUT);
  checkInteger("connections", connections, 1, 1024);
  checkInteger("maxPending", maxPending, 1, 2 ** 30);
  checkInteger("maxPendingBytes", maxPendingBytes, 1, Number.MAX_SAFE_INTEGER);
  checkInteger("maxValueBytes", maxValueBytes, 1, LARGEST_ITEM);
  checkBoolean("keepAlive", keepAlive);
  checkBoolean("noDelay", noDelay);
  checkFunction("locator", locator);
  checkTranscoder(transcoder);
  if (dial !== undefined) checkFunction("dial", dial);
  checkChoice("io", io, ["direct", "streams"]);
  if (dialect !== undefined) checkChoice("dialect", dialect, ["classic", "meta"]);
  const timesConnectingApart = options.connectTimeout !== undefined;
  checkFunction("clock.now", clock?.now);
  checkFunction("clock.after", clock?.after);
  const times = { timeout, connectTimeout, timesConnectingApart, stallTimeout, clock };
  const limits = { connections, maxPending, maxPendingBytes, maxValueBytes };
  const security = resolveSecurity(options);
  const sockets = {
    ...{ keepAlive, noDelay, direct: io === "direct" },
    dial: dial === undefined ? dialHere : checkedDial(dial),
    sockets: boundSockets(maxSockets),
  };
  const failover = resolveFailover(options, security);
  const discovery = resolveDiscovery(options.discovery);
  return {
    ...times,
    ...limits,
    ...sockets,
    ...security,
    locator,
    transcoder,
    ...failover,
    discovery,
    dialect,
  };
}

function boundSockets(maxSockets: number | undefined): Sockets | undefined {
  const max = maxSockets ?? (isWorker() ? WORKER_SOCKETS : undefined);
  if (max === undefined) return undefined;
  checkInteger("maxSockets", max, 1, 65_536);
  const [waiting, holders, refusals] = [new Map(), new Set<SocketHolder>(), new WeakSet()];
  return { max, open: 0, waiting, holders, leaving: 0, refusals };
}

function resolveDiscovery(discovery: Discovery | undefined): Discovery | undefined {
  if (discovery === undefined) return undefined;
  const { name, lookUp, interval = 1 } = (discovery ?? {}) as Partial<Discovery>;
  if (typeof name !== "string" || typeof lookUp !== "function") {
    throw invalidOption("discovery", discovery, "an object with name and lookUp");
  }
  checkRange("interval", interval, LONGEST_TIMEOUT);
  return discovery;
}

type FailoverOptions = Pick<
  ResolvedOptions,
  "failover" | "failuresBeforeDead" | "probeDelay" | "maxProbeDelay" | "retries"
>;

function resolveFailover(options: ClientOptions, defaults: ServerDefaults): FailoverOptions {
  const { failover = "error", failuresBeforeDead = 3, retries = 0 } = options;
  const { probeDelay = 100, maxProbeDelay = 10_000 } = options;
  checkInteger("failuresBeforeDead", failuresBeforeDead, 1, 1000);
  checkRange("probeDelay", probeDelay, LONGEST_TIMEOUT);
  checkRange("maxProbeDelay", maxProbeDelay, LONGEST_TIMEOUT);
  checkInteger("retries", retries, 0, 100);
  const probing = { failuresBeforeDead, probeDelay, maxProbeDelay, retries };
  if (typeof failover !== "object" || failover === null) {
    if (["error", "remove", "miss"].includes(failover)) return { failover, ...probing };
    throw invalidOption("failover", failover, `"error", "remove", "miss" or { gutter }`);
  }
  checkOptions(failover, GUTTER_OPTIONS);
  const { gutter, maxExptime = 60 } = failover;
  checkInteger("maxExptime", maxExptime, 1, LONGEST_RELATIVE);
  return { failover: { servers: resolveServers(gutter, defaults), maxExptime }, ...probing };
}

function resolveSecurity(
  { tls, auth }: ClientOptions,
): Pick<ResolvedOptions, "tls" | "credentials"> {
  return {
    tls: checkTls(tls, (why) => {
      throw new ValidationException(`Cannot use tls: ${why}`);
    }),
    credentials: auth === undefined ? undefined : new CheckedCredentials(auth, (why) => {
      throw new ValidationException(`Cannot use auth: ${why}`);
    }),
  };
}

function checkRange(name: string, value: unknown, largest: number): void {
  if (typeof value === "number" && value >= 1 && value <= largest) return;
  throw invalidOption(name, value, `a number from 1 to ${largest}`);
}
