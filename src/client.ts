/** The client with all its features. @module */

import { BareClient } from "./bare_client.ts";
import type { ClientMetrics } from "./channel_contexts.ts";
import { type BareClientOptions, CLIENT_OPTIONS, type ClientOptions } from "./client_options.ts";
import type { KeyCommands } from "./commands/key_commands.ts";
import type {
  CounterOptions,
  GetOrSetOptions,
  InvalidateOptions,
  OperationOptions,
  UpdateOptions,
} from "./commands/operation_options.ts";
import { type Session, sessionOf } from "./commands/session.ts";
import {
  add,
  append,
  cas,
  decr,
  deleteKey,
  deleteMany,
  get,
  getAndTouch,
  getMany,
  gets,
  incr,
  prepend,
  replace,
  set,
  setMany,
  touch,
} from "./commands/traced.ts";
import { quote } from "./errors.ts";
import { checkOptions } from "./option_checks.ts";
import { items, type ItemsOptions, keys } from "./features/items.ts";
import { trackLoads } from "./features/loads.ts";
import { explain, locate } from "./features/locate.ts";
import { Namespace } from "./features/namespace.ts";
import {
  flushAll,
  type FlushOptions,
  stats,
  verbosity,
  version,
} from "./features/server_commands.ts";
import { getOrSet, inspect, invalidate, meta, update } from "./features/lazy_features.ts";
import { keyCommandsOf } from "./features/transcoded_view.ts";
import { watch, type WatchStream } from "./features/watch.ts";
import type { ServerControl } from "./fleet/server_control.ts";
import type { ServerEvent } from "./fleet/server_event.ts";
import type { ServerStatus } from "./fleet/status.ts";
import type { KeyExplanation, KeyLocation } from "./routing/locator.ts";
import type { ItemInfo, MetaReply, MetaVerb } from "./protocol/commands/meta.ts";
import type { ItemMetadata } from "./protocol/commands/metadump.ts";
import type { Stats } from "./protocol/commands/stats.ts";
import type { CasOutcome } from "./protocol/commands/storage.ts";
import type { WatchKind } from "./protocol/commands/watch.ts";
import type { Exptime } from "./protocol/exptime.ts";
import type { ServerAddress } from "./server_address.ts";
import { ownData } from "./transcoding/item_codec.ts";
import { moecacheTranscoder } from "./transcoding/moecache_transcoder.ts";
import type { Transcoder } from "./transcoding/transcoder.ts";

/**
 * A memcached client with all features. Each key lives on one of the servers; the locator chooses it.
 *
 * Operations issued in the same turn of the event loop are sent in one write, and neighbouring `get`s in one request.
 * So start operations together, for example with `Promise.all`, instead of awaiting each. Sockets are opened by the
 * first operation that needs them, and opened again when a server has closed them.
 *
 * An operation rejects with a `ClientException` when memcached refuses, with a `ValidationException` when its input is
 * invalid (before any byte is sent), and with a `SocketError` when the network fails. A miss is `undefined`. An error is
 * reported as a miss only with `failover: "miss"`.
 *
 * The methods, by what they are for:
 *
 * - read: {@linkcode Client.prototype.get | get}, {@linkcode Client.prototype.getMany | getMany},
 *   {@linkcode Client.prototype.gets | gets}, {@linkcode Client.prototype.getAndTouch | getAndTouch},
 *   {@linkcode Client.prototype.inspect | inspect}
 * - store: {@linkcode Client.prototype.set | set}, {@linkcode Client.prototype.setMany | setMany},
 *   {@linkcode Client.prototype.add | add}, {@linkcode Client.prototype.replace | replace},
 *   {@linkcode Client.prototype.cas | cas}, {@linkcode Client.prototype.append | append},
 *   {@linkcode Client.prototype.prepend | prepend}, {@linkcode Client.prototype.update | update}
 * - count: {@linkcode Client.prototype.incr | incr}, {@linkcode Client.prototype.decr | decr}
 * - compute once, and cache: {@linkcode Client.prototype.getOrSet | getOrSet},
 *   {@linkcode Client.prototype.invalidate | invalidate}
 * - expire and delete: {@linkcode Client.prototype.touch | touch}, {@linkcode Client.prototype.delete | delete},
 *   {@linkcode Client.prototype.deleteMany | deleteMany}
 * - views: {@linkcode Client.prototype.namespace | namespace},
 *   {@linkcode Client.prototype.withTranscoder | withTranscoder}
 * - all servers: {@linkcode Client.prototype.stats | stats}, {@linkcode Client.prototype.version | version},
 *   {@linkcode Client.prototype.flushAll | flushAll}, {@linkcode Client.prototype.verbosity | verbosity},
 *   {@linkcode Client.prototype.items | items}, {@linkcode Client.prototype.keys | keys},
 *   {@linkcode Client.prototype.watch | watch}
 * - other meta commands: {@linkcode Client.prototype.meta | meta}
 * - the client itself: {@linkcode Client.prototype.locate | locate}, {@linkcode Client.prototype.explain | explain},
 *   {@linkcode Client.prototype.metrics | metrics}, {@linkcode Client.prototype.servers | servers},
 *   {@linkcode Client.prototype.setServers | setServers},
 *   {@linkcode Client.prototype.addEventListener | addEventListener}, {@linkcode Client.prototype.close | close}
 *
 * @example Storing, reading and deleting
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { timeout: 1000 });
 *
 * await client.set("user:1", { name: "Ada" }, 60); // expires in 60 seconds
 * assertEquals(await client.get("user:1"), { name: "Ada" });
 * assertEquals(await client.get("user:2"), undefined); // there is no such key
 * assertEquals(await client.delete("user:1"), true); // it existed
 * ```
 */
export class Client extends BareClient implements KeyCommands, ServerControl {
  readonly #session: Session;

  /**
   * Makes a client. No socket is opened before the first operation needs one.
   *
   * @param servers One server or a list. The order matters only if two servers share a point of the ring, for locators
   * that say so, and for the results of {@linkcode stats}. With the option `discovery` the list may be empty.
   * @param options The options of the client.
   * @throws {ValidationException} When an address or an option is invalid.
   *
   * @example Two servers, with time limits
   * ```ts
   * import { Client } from "@moecache/moecache";
   *
   * const servers = ["10.0.0.1:11211", { hostname: "10.0.0.2", weight: 2 }];
   * await using client = new Client(servers, { timeout: 1000, connectTimeout: 5000 });
   * ```
   */
  constructor(servers: ServerAddress | readonly ServerAddress[], options: ClientOptions = {}) {
    super(servers, withDefaultTranscoder(options));
    this.#session = sessionOf(this)!;
    trackLoads(this.#session);
  }

  override get<Value = unknown>(
    key: string,
    options?: OperationOptions,
  ): Promise<Value | undefined> {
    return get(this.#session, key, options);
  }

  override getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>> {
    return getMany(this.#session, keys, options);
  }

  override gets<Value = unknown>(
    key: string,
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    return gets(this.#session, key, options);
  }

  override getAndTouch<Value = unknown>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined> {
    return getAndTouch(this.#session, key, exptime, options);
  }

  override set(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    return set(this.#session, key, value, exptime, options);
  }

  override setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    return setMany(this.#session, entries, exptime, options);
  }

  override add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return add(this.#session, key, value, exptime, options);
  }

  override replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return replace(this.#session, key, value, exptime, options);
  }

  override append(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return append(this.#session, key, data, options);
  }

  override prepend(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return prepend(this.#session, key, data, options);
  }

  override cas(
    key: string,
    value: unknown,
    unique: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    return cas(this.#session, key, value, unique, exptime, options);
  }

  override incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return incr(this.#session, key, delta, options);
  }

  override decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return decr(this.#session, key, delta, options);
  }

  override touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    return touch(this.#session, key, exptime, options);
  }

  override delete(key: string, options?: OperationOptions): Promise<boolean> {
    return deleteKey(this.#session, key, options);
  }

  override deleteMany(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, boolean>> {
    return deleteMany(this.#session, keys, options);
  }

  getOrSet<Value>(
    key: string,
    load: () => Value | Promise<Value>,
    options?: GetOrSetOptions,
  ): Promise<Value> {
    return getOrSet(this.#session, key, load, options);
  }

  update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: UpdateOptions,
  ): Promise<Value | undefined> {
    return update(this.#session, key, change, options);
  }

  invalidate(key: string, options?: InvalidateOptions): Promise<boolean> {
    return invalidate(this.#session, key, options);
  }

  inspect(key: string, options?: OperationOptions): Promise<ItemInfo | undefined> {
    return inspect(this.#session, key, options);
  }

  withTranscoder(transcoder: Transcoder): KeyCommands {
    return keyCommandsOf(this.#session.withTranscoder(transcoder));
  }

  locate(key: string): KeyLocation {
    return locate(this.#session, key);
  }

  /**
   * Returns the server of a key and the reason: the hash, and the point of the ring. Nothing is sent. Use it to compare
   * with other programs of the deployment.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @returns The server, and the locator's explanation if it has one.
   * @throws {ValidationException} When the key is invalid, or the locator has no server for it.
   * @throws {SocketError} When there is no server: all are down and removed, or none has been discovered yet.
   *
   * @example A key on libmemcached's ring
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { ketama } from "@moecache/moecache/rings";
   * import { assertEquals } from "@std/assert";
   *
   * await using client = new Client(["10.0.0.1", "10.0.0.2"], { locator: ketama });
   *
   * assertEquals(client.explain("user:1"), {
   *   key: "user:1",
   *   server: "10.0.0.2:11211",
   *   index: 1,
   *   algorithm: "ketama",
   *   hashFunction: "MD5, its first four bytes, the first one lowest",
   *   keyHash: 282964413,
   *   point: { hash: 287219120, label: "10.0.0.2-1", position: 22, of: 320 },
   *   why: "the first point not below the key's hash",
   * });
   * ```
   */
  explain(key: string): KeyExplanation {
    return explain(this.#session, key);
  }

  /**
   * Makes a view of this client whose keys all have a prefix. Its `invalidateAll` makes all of them miss. Nothing is
   * sent before its first operation.
   *
   * @param prefix 1 to 228 characters, each from `!` to `~`; it should end with a separator, as in `"user:"`. A longer
   * prefix leaves less room for keys: 229 characters minus the length of the prefix.
   * @returns The view, with all methods of {@linkcode KeyCommands}.
   * @throws {ValidationException} When the prefix is invalid.
   *
   * @example Invalidating one of two namespaces
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const users = client.namespace("user:");
   * const pages = client.namespace("page:");
   * await Promise.all([users.set("1", "Ada"), pages.set("1", "Home")]);
   * await pages.invalidateAll();
   * assertEquals(await Promise.all([users.get("1"), pages.get("1")]), ["Ada", undefined]);
   * ```
   */
  namespace(prefix: string): Namespace {
    return new Namespace(this, prefix);
  }

  /**
   * Sends a meta command. It is for features without a method. Needs memcached 1.6.10 or later.
   *
   * @param verb `mg`, `ms`, `md`, `ma`, `mn` or `me`.
   * @param key 1 to 250 characters, each from `!` to `~`; with flag `b` in base64, and sent to the server of the
   * decoded key; `""` for `mn`, which is sent to one of the servers.
   * @param flags The flags, each a letter and its token: `["v", "t", "N30"]`. memcached's `protocol.txt` explains them.
   * The seconds of `T`, `N` and `R` are those of every exptime.
   * @param value The item's bytes, for `ms` only; text is sent as UTF-8. A server that does not know `ms`, such as
   * memcached before 1.6.10, refuses the line before the value, and runs the value as commands: ask for `version` before.
   * @param options `signal`.
   * @returns The reply. With flag `q`, a suppressed reply is returned as the status that it means.
   * @throws {ValidationException} When memcached would not understand the command, or its reply could not be read.
   * @throws {ClientException} When memcached refuses, or is too old.
   * @throws {SocketError} When the server cannot be reached, the connection is lost before the reply, or the reply has
   * another opaque token.
   *
   * @example A value and its remaining lifetime
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assert, assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("key", "value", 60);
   * const reply = await client.meta("mg", "key", ["v", "t"]);
   * assertEquals(reply.status, "VA");
   * assert(Number(reply.flags.t) <= 60); // seconds
   * assertEquals(new TextDecoder().decode(reply.value), "value");
   * ```
   */
  async meta(
    verb: MetaVerb,
    key: string,
    flags?: readonly string[],
    value?: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<MetaReply> {
    // Copied, because the caller may change them afterwards.
    const parts = {
      verb,
      flags: Array.isArray(flags) ? [...flags] : flags,
      value: value === undefined ? undefined : ownData(value, `send a value by ${quote(verb)}`),
    };
    return await meta(this.#session, key, parts, options);
  }

  /**
   * Gets the statistics of every server.
   *
   * @param args The arguments of memcached's `stats`, sent unchanged: `settings`, `items`, `slabs`, `conns`, `reset`,
   * `detail dump`, …; the general statistics by default.
   * @param options `signal`.
   * @returns One object for each server, in the order of the list; an empty one for arguments without statistics, such
   * as `reset`.
   * @throws {ValidationException} When `args` is not printable ASCII of at most 1,024 characters.
   * @throws {ClientException} When a server does not know the arguments.
   * @throws {SocketError} When a server cannot be reached, or the connection is lost before the reply. With several
   * servers, the error is a {@linkcode PartialSocketError} or a {@linkcode PartialClientException}, and its `results`
   * hold the statistics of the others by name.
   *
   * @example The number of items
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client([server.address]);
   *
   * await client.set("key", "value");
   * const [stats] = await client.stats();
   * assertEquals(stats?.curr_items, "1");
   * ```
   */
  stats(args?: string, options?: OperationOptions): Promise<Stats[]> {
    return stats(this.#session, args, options);
  }

  /**
   * Gets the version of every server.
   *
   * @param options `signal`.
   * @returns The versions, in the order of the list: `["1.6.18"]`.
   * @throws {ClientException} When a server refuses.
   * @throws {SocketError} When a server cannot be reached, or the connection is lost before the reply. With several
   * servers, as for {@linkcode stats}.
   *
   * @example The embedded server
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const [version] = await client.version();
   * assertEquals(version?.startsWith("1.6."), true);
   * ```
   */
  version(options?: OperationOptions): Promise<string[]> {
    return version(this.#session, options);
  }

  /**
   * Makes every item of every server expire, now or later.
   *
   * @param options `delay`, in seconds, 0 to 2,592,000; `signal`.
   * @throws {ValidationException} When the delay is invalid.
   * @throws {ClientException} When a server refuses.
   * @throws {SocketError} When a server cannot be reached, or the connection is lost before the reply. With several
   * servers, as for {@linkcode stats}; those that can be reached have been flushed.
   *
   * @example Emptying the cache
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("key", "value");
   * await client.flushAll();
   * assertEquals(await client.get("key"), undefined);
   * ```
   */
  flushAll(options?: FlushOptions): Promise<void> {
    return flushAll(this.#session, options);
  }

  /**
   * Sets how much every server writes to its log.
   *
   * @param level 0 for little, 1 and 2 for more, as memcached's `-v` and `-vv`.
   * @param options `signal`.
   * @throws {ValidationException} When the level is not an integer from 0 to 2,147,483,647.
   * @throws {ClientException} When a server refuses.
   * @throws {SocketError} When a server cannot be reached, or the connection is lost before the reply. With several
   * servers, as for {@linkcode stats}.
   *
   * @example Errors and warnings
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.verbosity(1);
   * assertEquals((await client.stats("settings"))[0]?.verbosity, "1");
   * ```
   */
  verbosity(level: number, options?: OperationOptions): Promise<void> {
    return verbosity(this.#session, level, options);
  }

  /**
   * Lists the items of all servers, one server after another, with `lru_crawler metadump`. It uses a separate
   * connection, which opens with the first item and closes at the end of the loop, also with `break`. Up to 32 MiB of a
   * list are read in advance. The list is not a snapshot: items that are stored or deleted meanwhile may or may not be
   * in it.
   *
   * Needs memcached 1.5.4 or later. Before 1.6.9, memcached may omit or repeat items that it moves between its LRU
   * queues meanwhile, that is items that are often read. From 1.6.9 to 1.6.18, memcached keeps some keys locked while a
   * list of more than 32 MiB waits for the loop: there, the loop should not wait for anything.
   *
   * memcached has one crawler. It waits for a slow loop, and lists for one client at a time. While it is busy, the
   * command is retried for one and a half seconds, and no longer than `timeout`. Otherwise, `timeout` applies to the
   * first line of each server's reply only.
   *
   * @param options `server`, to list only its items; `signal`.
   * @returns The items.
   * @throws {ValidationException} When the server is not in the list; thrown at once.
   * @throws {ClientException} When memcached refuses, for example because its crawler is disabled or busy, or is too
   * old; thrown by the loop.
   * @throws {SocketError} When a server cannot be reached, or the connection is lost before its last item; thrown by
   * the loop. With several servers, the items of the others come first, and the error is a {@linkcode
   * PartialSocketError} or a {@linkcode PartialClientException} whose `results` hold the number of items of each other
   * server.
   *
   * @example Keys with a prefix
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.setMany({ "user:1": "Ada", "page:1": "…" });
   * const keys = [];
   * for await (const { key } of client.items()) if (key.startsWith("user:")) keys.push(key);
   * assertEquals(keys, ["user:1"]);
   * ```
   */
  items(options?: ItemsOptions): AsyncGenerator<ItemMetadata, void, undefined> {
    return items(this.#session, options);
  }

  /**
   * Lists the keys of all servers, one server after another, as {@linkcode items} does, in half of its processor time.
   *
   * @param options `server`, to list only its keys; `signal`.
   * @returns Lists of keys, each of what has arrived together, at least one. A key is as in {@linkcode ItemMetadata}.
   * @throws {ValidationException} As {@linkcode items}.
   * @throws {ClientException} As {@linkcode items}.
   * @throws {SocketError} As {@linkcode items}.
   *
   * @example How many keys begin so
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.setMany({ "user:1": "Ada", "user:2": "Grace", "page:1": "…" });
   * let count = 0;
   * for await (const keys of client.keys()) {
   *   count += keys.filter((key) => key.startsWith("user:")).length;
   * }
   * assertEquals(count, 2);
   * ```
   */
  keys(options?: ItemsOptions): AsyncGenerator<string[], void, undefined> {
    return keys(this.#session, options);
  }

  /**
   * Watches the events of all servers, with memcached's `watch`. It opens a connection to each server at once.
   * Cancelling the stream, or leaving a loop over it, closes them. The stream never ends by itself. It fails with the
   * signal's reason, with a `ClientException` when a server refuses (a server allows 20 watchers, and only kinds that
   * it knows), and with a `SocketError` when a connection is lost or the client is closed.
   *
   * Events arrive up to a second late. They are read only on demand. If a server cannot keep them until then, it omits
   * some and sends an event with their number. `timeout` applies only to the reply to `watch`.
   *
   * @param kinds The kinds of events: `"fetchers"`, `"mutations"`, `"evictions"`, `"connevents"`, …
   * @param options `signal`.
   * @returns The events of all servers. Its `ready` resolves when all have begun to watch.
   * @throws {ValidationException} When a kind is not a word of lower-case letters, or there is none.
   *
   * @example Watching stores
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * const events = client.watch(["mutations"]);
   * await events.ready;
   * await client.set("key", "value", 60);
   * for await (const event of events) {
   *   if (event.type !== "item_store") continue;
   *   assertEquals([event.key, event.command, event.status], ["key", "set", "stored"]);
   *   break;
   * }
   * ```
   */
  watch(kinds: readonly WatchKind[], options?: OperationOptions): WatchStream {
    return watch(this.#session, kinds, options);
  }

  override get servers(): readonly ServerStatus[] {
    return super.servers;
  }

  override metrics(): ClientMetrics {
    return super.metrics();
  }

  override setServers(servers: ServerAddress | readonly ServerAddress[]): Promise<void> {
    return super.setServers(servers);
  }

  override addEventListener(
    type: "error" | "down" | "up" | "reconnect",
    listener: ((event: ServerEvent) => void) | { handleEvent(event: ServerEvent): void } | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** Listens to any event, as every `EventTarget` does. */
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    // deno-lint-ignore no-explicit-any -- what both overloads take
    listener: any,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
  }

  override close(): Promise<void> {
    return super.close();
  }

  /**
   * Closes the client at the end of its block, as `close` does.
   *
   * @example A client for one function
   * ```ts
   * import { Client } from "@moecache/moecache";
   *
   * async function greet(server: string): Promise<unknown> {
   *   await using client = new Client(server);
   *   return await client.get("greeting");
   * }
   * ```
   */
  override [Symbol.asyncDispose](): Promise<void> {
    return super[Symbol.asyncDispose]();
  }
}

function withDefaultTranscoder(options: ClientOptions): BareClientOptions {
  checkOptions(options, CLIENT_OPTIONS);
  // A spread would leave out the getters of a class.
  const own: Record<string, unknown> = { transcoder: moecacheTranscoder };
  for (const name in CLIENT_OPTIONS) {
    const value = options[name as keyof ClientOptions];
    if (value !== undefined) own[name] = value;
  }
  return own as unknown as BareClientOptions;
}
