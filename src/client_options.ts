/** The client's options, their defaults and their checks. @module */

import type { SocketHolder, Sockets } from "./connection/sockets.ts";
import type { Discovery } from "./discovery/discovery.ts";
import { ValidationException } from "./errors.ts";
import { Counters } from "./observation.ts";
import {
  checkBoolean,
  checkChoice,
  checkFunction,
  checkInteger,
  checkOptions,
  checkTimeout,
  holdsNames,
  invalidOption,
  type OptionTypes,
} from "./option_checks.ts";
import { CheckedCredentials, type Credentials } from "./protocol/credentials.ts";
import type { KeyFormat } from "./protocol/key_format.ts";
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
import { isWorker } from "./transport/runtime.ts";
import { checkTls } from "./transport/tls_options.ts";
import type { Dial, TlsOptions } from "./transport/transport.ts";
import { type Clock, systemClock } from "./waiting.ts";

/** Spare servers that replace servers that are down. */
export interface Gutter {
  /** The spare servers, one or a list. The client's locator distributes keys over them. */
  readonly gutter: ServerAddress | readonly ServerAddress[];
  /** The maximum lifetime of an item on them in seconds, 1 to 2,592,000; 60 by default. It shortens longer exptimes. */
  readonly maxExptime?: number | undefined;
}

/**
 * What happens to operations whose server fails:
 *
 * - `"error"`: they are rejected, as in Python moecache. A key never moves to another server.
 * - `"remove"`: a server that is down is removed from the ring, as in EnyimMemcached. Its keys go to the other servers
 *   until it answers a probe. When it returns, its items may be out of date.
 * - `"miss"`: reads are misses and writes are dropped, without an error; `Client.servers` counts them. `getOrSet`
 *   computes values and does not store them. In a namespace, this also applies while the server of its counter is
 *   away. Some operations still fail, because their result would be wrong: `incr` and `decr` with `initial`, `update`,
 *   `meta`, `invalidateAll`, the patterns except `memoize`, and operations on all servers. Where a proxy answers
 *   `SERVER_ERROR` because it cannot reach a server of its own, this also applies to the keys of that server.
 * - a {@linkcode Gutter}: spare servers are used, with short lifetimes, as at Facebook.
 */
export type Failover = "error" | "remove" | "miss" | Gutter;

/** The options of a `Client`; all are optional. */
export interface ClientOptions {
  /**
   * The time limit of an operation in milliseconds, 1 to 2,147,483,647; no limit by default. It is measured from the
   * turn of the event loop in which the operation is issued, and includes encoding and decoding the value. After that
   * time, the operation is rejected with a `TimeoutError`, and its connection is closed. Without a limit, an operation
   * may take any time while its server sends data; see `stallTimeout`.
   */
  readonly timeout?: number | undefined;
  /**
   * The time limit of connecting in milliseconds, including authentication, in the same range. An operation that needs
   * a new connection has this time for it, and then its whole `timeout`. By default, `timeout` covers both; without
   * `timeout`, the default is 10,000.
   */
  readonly connectTimeout?: number | undefined;
  /**
   * How many milliseconds a server may send nothing while operations wait for it, in the same range; 10,000 by default.
   * After that time the connection is closed with a `TimeoutError`, which counts as a failure of the server. A server
   * that sends data slowly, or that receives a large value slowly, is not affected.
   *
   * The time counts only while operations wait, and only while this process runs: a process that was blocked or
   * suspended first reads what has arrived. The error may come late by a quarter of the time. `watch` is not limited.
   * `Infinity` means no limit: then an operation may never end, as in the Python library.
   *
   * @example A server that accepts connections and never replies
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
  readonly stallTimeout?: number | undefined;
  /** Chooses the server of each key. {@linkcode moecacheRing} by default. */
  readonly locator?: LocatorFactory | undefined;
  /**
   * How keys are changed before they are sent, as another client of the deployment does. By default they are not: a key
   * is then 1 to 250 characters from `!` to `~`, and sent as it is. `@moecache/moecache/keys` has the formats
   * of some clients. A format decides which keys are valid. Results, errors and `items` show the caller's keys.
   */
  readonly keys?: KeyFormat | undefined;
  /** Converts values to items and back. `moecacheTranscoder` by default. */
  readonly transcoder?: Transcoder | undefined;
  /**
   * The maximum number of sockets per server, 1 to 1,024; 1 by default. Another socket is opened only while all are
   * busy. With more than one, operations of the same turn may be executed in another order.
   */
  readonly connections?: number | undefined;
  /**
   * The maximum number of operations that wait for one server, 1 to 2^30; 1,048,576 by default. A further
   * operation is rejected at once with a `SocketError`. This limits the memory for a server that does not reply.
   */
  readonly maxPending?: number | undefined;
  /**
   * The maximum number of bytes of values that wait to be stored on one server, until it has replied, 1 to 2^53 - 1;
   * 1 GiB by default. Text counts one byte a character. An operation that would exceed this is rejected at once,
   * as with `maxPending`.
   */
  readonly maxPendingBytes?: number | undefined;
  /**
   * The maximum number of open sockets of the client, 1 to 65,536. The default is 6 on Cloudflare Workers, and no limit
   * elsewhere. If another socket is needed, the one that has been idle longest is closed. While all are busy,
   * operations wait in order, within `connectTimeout`. `watch`, `items` and discovery use separate sockets, which
   * count, but are never closed for others.
   *
   * A worker may have six open connections for each request. `fetch` and storage such as KV, R2 or D1 count as well. A
   * worker that uses them together with the client should set a lower limit, for example `maxSockets: 4`.
   */
  readonly maxSockets?: number | undefined;
  /**
   * The maximum length of a value from a server in bytes, 1 to 2^30 (memcached's maximum); 128 MiB by default. A
   * reply that declares a longer value closes the connection. This does not count as a failure of the server.
   */
  readonly maxValueBytes?: number | undefined;
  /** Whether TCP keep-alive is enabled; `true` by default. It has no effect on workers. */
  readonly keepAlive?: boolean | undefined;
  /** Whether TCP_NODELAY is enabled: packets are sent at once; `true` by default. It has no effect on workers. */
  readonly noDelay?: boolean | undefined;
  /** What happens to operations whose server fails; `"error"` by default. */
  readonly failover?: Failover | undefined;
  /**
   * How many failures in a row make a server count as down, 1 to 1,000; 3 by default. A failure is a connection that
   * cannot be opened, that is lost while operations wait for it, whose reply exceeds `timeout`, or that receives
   * nothing for `stallTimeout`. A refusal by memcached is not a failure. While a server is down, its operations fail at
   * once, or as `failover` says. With `failover: "error"`, a server that refuses connections is still tried, because
   * that takes no time.
   */
  readonly failuresBeforeDead?: number | undefined;
  /**
   * A server that is down is probed after a random delay. This is the first upper limit of the delay in milliseconds, 1
   * to 2,147,483,647; 100 by default. The limit doubles with each probe.
   */
  readonly probeDelay?: number | undefined;
  /** The largest upper limit of that delay in milliseconds, in the same range; 10,000 by default. */
  readonly maxProbeDelay?: number | undefined;
  /**
   * How often a `get`, `gets` or `getMany` is retried within its `timeout` when its connection is lost, 0 to 100; 0 by
   * default. Other operations are not retried. One retry does not depend on this option: if a refusal may have been for
   * another key, an operation that only reads is sent again.
   */
  readonly retries?: number | undefined;
  /**
   * Looks up the servers while the client runs: `elastiCache`, `dns`, or your own {@linkcode Discovery}. Until the
   * first result, the client uses the list that it was made with, which may be empty.
   *
   * The first operation starts the first look-up. If the list is empty, operations wait for the result as for a
   * connection, and are rejected with a `SocketError` if it does not come. The look-up is then repeated at the
   * discovery's interval, and within a second when a server fails. A failed look-up does not change the list. It is
   * reported as an `error` event, and repeated after a delay as with `probeDelay`. A changed list is applied as by
   * `Client.setServers`. `setServers` can still be called; its list is used until discovery finds a change.
   */
  readonly discovery?: Discovery | undefined;
  /**
   * How sockets are read and written. `"direct"`, the default, reads into the client's buffers and writes from them, if
   * the runtime supports it, as Deno, Bun and Node do; on Deno a round trip then takes two thirds of the CPU time.
   * `"streams"` always uses Web Streams.
   */
  readonly io?: "direct" | "streams" | undefined;
  /**
   * Whether and how TLS is used; no TLS by default. `true` trusts the runtime's authorities. The servers' certificates
   * and names are always verified. An address may override this option.
   */
  readonly tls?: boolean | TlsOptions | undefined;
  /**
   * The credentials for servers with authentication in the text protocol (memcached's `-Y`). They are sent first on
   * every connection, as part of connecting. An address may override this option. Without TLS, they are sent
   * unencrypted.
   */
  readonly auth?: Credentials | undefined;
  /**
   * Opens the sockets instead of the runtime's function, for example through a tunnel or a proxy, or in a test. If it
   * rejects, its error becomes the `cause` of a `SocketError`. A socket that it opens after its signal was aborted is
   * closed unused.
   *
   * @example A server in the same process, without a socket
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
  readonly dial?: Dial | undefined;
  /**
   * The commands that are used. `"classic"`: only those that every memcached knows, for servers
   * and proxies without meta commands. `"meta"`: meta commands where those do more, even if a server refuses them.
   * By default each server is asked in meta commands until it answers that it does not know them, or until its
   * version says so. All clients of a deployment have to use the same.
   */
  readonly dialect?: "classic" | "meta" | undefined;
  /**
   * The proxy that the servers are behind. twemproxy closes the connection at a command that it does not know, and
   * other operations on that connection fail. With `"twemproxy"`, such a command is a `ValidationException`, and
   * nothing is sent: `getAndTouch`, `meta`, and the commands to all servers. `dialect` is then `"classic"`.
   */
  readonly proxy?: "twemproxy" | undefined;
  /**
   * The name of the client in `metrics()`, in its events and errors, and in what it publishes: 1 to 200 characters from
   * `!` to `~`; `"moecache"` by default. Clients of one process for different purposes should have different names.
   */
  readonly clientName?: string | undefined;
  /** The clock of the client; the runtime's clock by default. For tests of timeouts. */
  readonly clock?: Clock | undefined;
}

/** The options of a `BareClient`; only the transcoder is required. */
export interface BareClientOptions extends ClientOptions {
  /** Converts values to items and back. */
  readonly transcoder: Transcoder;
}

/** Checked options, with defaults filled in. */
export interface ResolvedOptions {
  readonly timeout: number;
  readonly connectTimeout: number;
  /** Whether `connectTimeout` was given: then connecting has a time of its own, besides that of the operation. */
  readonly timesConnectingApart: boolean;
  readonly stallTimeout: number;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly locator: LocatorFactory;
  readonly keys: KeyFormat | undefined;
  readonly transcoder: Transcoder;
  readonly connections: number;
  readonly maxPending: number;
  readonly maxPendingBytes: number;
  readonly sockets: Sockets | undefined;
  readonly maxValueBytes: number;
  readonly keepAlive: boolean;
  readonly noDelay: boolean;
  /** Whether the option `io` is `"direct"`. */
  readonly direct: boolean;
  /** The caller's own dialer. */
  readonly dial: Dial | undefined;
  readonly tls: TlsOptions | boolean | undefined;
  readonly credentials: CheckedCredentials | undefined;
  readonly failover: "error" | "remove" | "miss" | ResolvedGutter;
  readonly failuresBeforeDead: number;
  readonly probeDelay: number;
  readonly maxProbeDelay: number;
  readonly retries: number;
  readonly discovery: Discovery | undefined;
  readonly dialect: ClientOptions["dialect"];
  readonly proxy: ClientOptions["proxy"];
}

/** A checked gutter, with defaults filled in. */
export interface ResolvedGutter {
  readonly servers: readonly ResolvedServer[];
  readonly maxExptime: number;
}

/** The names of the options. `"any"`, because {@linkcode resolveOptions} checks their values one by one. */
export const CLIENT_OPTIONS: OptionTypes<ClientOptions> = {
  timeout: "any",
  connectTimeout: "any",
  stallTimeout: "any",
  locator: "any",
  keys: "any",
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
  proxy: "any",
  clientName: "any",
  clock: "any",
};

const GUTTER_OPTIONS: OptionTypes<Gutter> = { gutter: "any", maxExptime: "number" };

/** The default time limit of connecting, and of a silent server, in milliseconds. */
const DEFAULT_PATIENCE = 10_000;
/** How many open connections a worker may have for a request. */
const WORKER_SOCKETS = 6;
/** memcached's largest item size limit (`-I`), in bytes. */
const LARGEST_ITEM = 2 ** 30;

/**
 * Checks options and fills in the defaults.
 *
 * @throws {ValidationException} When one is invalid.
 */
export function resolveOptions(options = {} as BareClientOptions): ResolvedOptions {
  checkOptions(options, CLIENT_OPTIONS);
  const { timeout = Infinity, keepAlive = true, noDelay = true, io = "direct" } = options;
  const { connectTimeout = options.timeout ?? DEFAULT_PATIENCE, clock = systemClock } = options;
  const { stallTimeout = DEFAULT_PATIENCE, maxPendingBytes = 2 ** 30, maxSockets } = options;
  const { connections = 1, maxPending = 2 ** 20, maxValueBytes = 2 ** 27 } = options;
  const { locator = moecacheRing, transcoder, dial, proxy, keys } = options;
  const { dialect = proxy && "classic", clientName = "moecache" } = options;
  if (options.timeout !== undefined) checkTimeout("timeout", timeout);
  const timesConnectingApart = options.connectTimeout !== undefined;
  if (timesConnectingApart) checkTimeout("connectTimeout", connectTimeout);
  if (stallTimeout !== Infinity) checkTimeout("stallTimeout", stallTimeout);
  checkInteger("connections", connections, 1, 1024);
  checkInteger("maxPending", maxPending, 1, 2 ** 30);
  checkInteger("maxPendingBytes", maxPendingBytes, 1, Number.MAX_SAFE_INTEGER);
  checkInteger("maxValueBytes", maxValueBytes, 1, LARGEST_ITEM);
  checkBoolean("keepAlive", keepAlive);
  checkBoolean("noDelay", noDelay);
  checkFunction("locator", locator);
  checkTranscoder(transcoder);
  if (keys !== undefined) checkKeyFormat(keys);
  if (dial !== undefined) checkFunction("dial", dial);
  checkChoice("io", io, ["direct", "streams"]);
  if (proxy !== undefined) checkChoice("proxy", proxy, ["twemproxy"]);
  if (dialect !== undefined) checkChoice("dialect", dialect, ["classic", "meta"]);
  checkFunction("clock.now", clock?.now);
  checkFunction("clock.after", clock?.after);
  if (typeof clientName !== "string" || !/^[!-~]{1,200}$/.test(clientName)) {
    throw invalidOption("clientName", clientName, "1 to 200 characters from ! to ~");
  }
  const security = resolveSecurity(options);
  return {
    // The spreads only keep what belongs together on one line.
    ...{ timeout, connectTimeout, timesConnectingApart, stallTimeout, clock },
    ...{ connections, maxPending, maxPendingBytes, maxValueBytes },
    ...{ keepAlive, noDelay, direct: io === "direct", dial },
    sockets: boundSockets(maxSockets),
    ...security,
    counters: new Counters(clientName),
    ...{ locator, keys, transcoder, dialect, proxy },
    ...resolveFailover(options, security),
    discovery: resolveDiscovery(options.discovery),
  };
}

function checkKeyFormat(keys: KeyFormat): void {
  checkFunction("keys.encode", keys?.encode);
  for (const name of ["decode", "route"] as const) {
    if (keys[name] !== undefined) checkFunction(`keys.${name}`, keys[name]);
  }
}

function boundSockets(max = isWorker() ? WORKER_SOCKETS : undefined): Sockets | undefined {
  if (max === undefined) return undefined;
  checkInteger("maxSockets", max, 1, 65_536);
  const [waiting, holders, refusals] = [new Map(), new Set<SocketHolder>(), new WeakSet()];
  return { max, open: 0, waiting, holders, leaving: new Set(), refusals };
}

function resolveDiscovery(discovery: Discovery | undefined): Discovery | undefined {
  if (discovery === undefined) return undefined;
  const { name, lookUp, interval = 1 } = Object(discovery) as Partial<Discovery>;
  if (typeof name !== "string" || typeof lookUp !== "function") {
    // Without what was given, which may be an address with a password.
    throw new ValidationException(
      "Cannot use discovery: it must be an object with name and lookUp",
    );
  }
  checkTimeout("interval", interval);
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
  checkTimeout("probeDelay", probeDelay);
  checkTimeout("maxProbeDelay", maxProbeDelay);
  checkInteger("retries", retries, 0, 100);
  const probing = { failuresBeforeDead, probeDelay, maxProbeDelay, retries };
  if (failover === "error" || failover === "remove" || failover === "miss") {
    return { failover, ...probing };
  }
  if (holdsNames(failover)) checkOptions(failover, GUTTER_OPTIONS);
  if (!holdsNames(failover) || failover.gutter === undefined) {
    throw invalidOption("failover", failover, `"error", "remove", "miss" or { gutter }`);
  }
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
