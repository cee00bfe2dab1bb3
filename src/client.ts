/** The client with all its features. @module */

import { BareClient } from "./bare_client.ts";
import type { BareClientOptions, ClientOptions } from "./client_options.ts";
import { count } from "./commands/count.ts";
import { deleteKey, deleteMany } from "./commands/delete.ts";
import type { KeyCommands } from "./commands/key_commands.ts";
import type {
  CounterOptions,
  GetOrSetOptions,
  InvalidateOptions,
  OperationOptions,
  UpdateOptions,
} from "./commands/operation_options.ts";
import { get, getAndTouch, getMany, gets, touch } from "./commands/read.ts";
import { type Session, sessionOf } from "./commands/session.ts";
import { add, cas, extend, replace, set, setMany } from "./commands/store.ts";
import { quote } from "./errors.ts";
import { items, type ItemsOptions } from "./features/items.ts";
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
import type { ServerEvent, ServerStatus } from "./fleet/status.ts";
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
 * A session with a memcached deployment. Each key lives on one of the servers, chosen by the locator.
 *
 * Operations issued in the same turn of the event loop leave in one write, and neighbouring `get`s
 * as one multi-key `get`; nothing needs to be awaited one by one for that. Sockets are opened by the
 * first operation that needs them and opened anew when a server has closed them.
 *
 * What memcached refuses rejects with a `ClientException`, invalid input with a
 * `ValidationException` before any byte is sent, what the network does with a `SocketError`. A miss
 * is `undefined`; a fault is never taken for one.
 *
 * @example Storing, reading and deleting
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { timeout: 1000, connectTimeout: 5000 });
 *
 * await client.set("some_key", "Some value");
 * assertEquals(await client.get("some_key"), "Some value");
 * assertEquals(await client.delete("another_key"), false);
 * ```
 */
export class Client extends BareClient implements KeyCommands {
  readonly #session: Session;

  /**
   * Makes a client. No socket is opened before the first operation needs one.
   *
   * @param servers One server or a list of them. The order counts only where two servers share a
   * point of the ring, and for what {@linkcode stats} returns. With the option `discovery` the list may be
   * empty.
   * @param options How the client behaves.
   * @throws {ValidationException} When an address or an option is invalid.
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
    return extend(this.#session, "append", key, data, options);
  }

  override prepend(
    key: string,
    data: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<boolean> {
    return extend(this.#session, "prepend", key, data, options);
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
    return count(this.#session, "incr", key, delta, options);
  }

  override decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return count(this.#session, "decr", key, delta, options);
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
   * Tells which server a key lives on, and why: which hash, and which point of the ring. Nothing is sent. It is
   * for comparing with what other programs of the deployment do.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @returns The server, and the locator's explanation where it has one.
   * @throws {ValidationException} When the key is invalid, or the locator has no server for it.
   * @throws {SocketError} When there is no server: all are down and have left the ring, or none has been
   * discovered yet.
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
   * Makes a view of this client whose keys all carry a prefix, and can be made to miss all at once with
   * its `invalidateAll`. Nothing is sent before its first operation.
   *
   * @param prefix 1 to 228 characters, each from `!` to `~`; it should end with a separator, `"user:"`. The
   * longer it is, the shorter are the keys it leaves room for: 229 characters less those of the prefix.
   * @returns The view, which has the methods for reading, storing, counting and computing values.
   * @throws {ValidationException} When the prefix is invalid.
   *
   * @example Two namespaces, of which one is emptied
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
   * Sends a meta command as it is: for what has no method of its own. Needs memcached 1.6.10 or later.
   *
   * @param verb `mg`, `ms`, `md`, `ma`, `mn` or `me`.
   * @param key As everywhere, or its base64 form with flag `b`; `""` for `mn`, which goes to one of
   * the servers. A key under `b` lives on the server of what it stands for.
   * @param flags Each a letter and its token: `["v", "t", "N30"]`. memcached's `protocol.txt` tells what
   * they mean.
   * @param value The item's bytes, for `ms` only; text goes as UTF-8.
   * @param options `signal`.
   * @returns The reply. With flag `q`, what memcached keeps back comes as the status it stands for.
   * @throws {ValidationException} When the command could not be understood, or its answer could not.
   * @throws {ClientException} When memcached refuses, or is older.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered, or
   * answers with another opaque token.
   *
   * @example A value and the seconds it has left
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("key", "value", 60);
   * const reply = await client.meta("mg", "key", ["v", "t"]);
   * assertEquals(reply.status, "VA");
   * assertEquals(reply.flags, { t: "60" });
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
    // The caller may change them afterwards.
    const parts = {
      verb,
      flags: Array.isArray(flags) ? [...flags] : flags,
      value: value === undefined ? undefined : ownData(value, `send a value by ${quote(verb)}`),
    };
    return await meta(this.#session, key, parts, options);
  }

  /**
   * Asks every server for statistics.
   *
   * @param args What to ask for, passed to the servers as it stands: `settings`, `items`, `slabs`,
   * `conns`, `reset`, `detail dump`, … as memcached's `protocol.txt` has them. Without it, the general ones.
   * @param options `signal`.
   * @returns One record per server, in the order the servers were given in; an empty one for what
   * has no statistics to return, such as `reset`.
   * @throws {ValidationException} When `args` is not printable ASCII of at most 1,024 characters.
   * @throws {ClientException} When a server does not know the arguments.
   * @throws {SocketError} When a server cannot be reached, or is lost before it has answered. Of several
   * servers, all are waited for; the error is a {@linkcode PartialSocketError} then, or a
   * {@linkcode PartialClientException}, and the others' records are in its `results`, by the servers' names.
   *
   * @example How many items there are
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
   * Asks every server for its version.
   *
   * @param options `signal`.
   * @returns The versions, in the order the servers were given in: `["1.6.18"]`.
   * @throws {ClientException} When a server refuses.
   * @throws {SocketError} When a server cannot be reached, or is lost before it has answered. Of several
   * servers, all are waited for, as by {@linkcode stats}.
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
   * @throws {SocketError} When a server cannot be reached, or is lost before it has answered. Of several
   * servers, all are waited for, as by {@linkcode stats}: those that can be reached are empty by then.
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
   * @throws {ValidationException} When the level is no integer from 0 to 2,147,483,647.
   * @throws {ClientException} When a server refuses.
   * @throws {SocketError} When a server cannot be reached, or is lost before it has answered. Of several
   * servers, all are waited for, as by {@linkcode stats}.
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
   * Lists the items of all servers, one server after the other, with `lru_crawler metadump`. They come
   * as they are asked for, up to 32 MiB of a list ahead, through a connection of their own that opens with the
   * first and closes with the loop, `break` included. It is no snapshot: what is stored or deleted meanwhile
   * may or may not be among them.
   *
   * Needs memcached 1.5.4 or later. Before 1.6.9, memcached may leave out, or list twice, what it moves between
   * its queues meanwhile: items that are read often. From 1.6.9 to 1.6.18, it keeps some keys locked while a
   * list of more than 32 MiB waits for the loop: there, have the loop wait for nothing.
   *
   * memcached has one crawler, which waits for a slow loop and lists for one client at a time; while it
   * is busy with another, this one asks again for a second and a half. `timeout` applies to the first
   * line of each server's reply, not to the whole.
   *
   * @param options `server`, the one to ask; `signal`.
   * @returns The items.
   * @throws {ValidationException} When there is no such server; at once.
   * @throws {ClientException} When memcached refuses, as it does with its crawler disabled or busy, or is
   * older; from the loop.
   * @throws {SocketError} When a server cannot be reached, or is lost before its last item; from the loop. Of
   * several servers, the others' items come first; the error is a {@linkcode PartialSocketError} then, or a
   * {@linkcode PartialClientException}, with how many items each of the others has listed in its `results`.
   *
   * @example The keys that begin with a prefix
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
   * Watches what happens on all servers, with `watch`, on a connection to each that is opened at once.
   * Cancelling the stream, as leaving a loop over it does, closes them. It has no end of its own: it
   * fails with the signal's reason, with a `ClientException` when a server refuses (it takes 20 watchers,
   * and only kinds that it knows), and with a `SocketError` when one is lost or the client closed.
   *
   * Events come up to a second late. They are read no faster than they are taken; what a server cannot
   * keep until then it leaves out, and tells how much. `timeout` applies to the reply to `watch` only.
   *
   * @param kinds What to watch: `"fetchers"`, `"mutations"`, `"evictions"`, `"connevents"`, …
   * @param options `signal`.
   * @returns The events of all servers. Its `ready` resolves when all have begun to watch.
   * @throws {ValidationException} When a kind is no word of lower-case letters, or there is none.
   *
   * @example What others store
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

  /**
   * What is known about the servers at this moment, in the order of the list; behind them those of a gutter. With
   * the option `discovery` there may be none yet.
   *
   * @example A server that has answered
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * assertEquals(client.servers[0]?.state, "idle");
   * await client.get("key");
   * assertEquals(client.servers[0]?.state, "up");
   * ```
   */
  override get servers(): readonly ServerStatus[] {
    return super.servers;
  }

  /**
   * Takes another list of servers for whatever is issued from now on. Operations under way end where they
   * began, and no one is lost; connections to servers that stay are kept.
   *
   * @param servers One server or a list of them.
   * @returns Resolves when nothing is under way any more on the servers that left the list, and their
   * sockets are closed; `items` and `watch` go on there until they end.
   * @throws {ValidationException} When an address is invalid; the old list stays then.
   * @throws {SocketError} When the client is closed.
   *
   * @example Moving to another server
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using old = await MemcachedServer.listen();
   * await using next = await MemcachedServer.listen();
   * await using client = new Client(old.address);
   *
   * const stored = client.set("key", "value"); // on the old one
   * await client.setServers([next.address]);
   * await stored;
   * assertEquals(await client.get("key"), undefined); // asked of the new one
   * ```
   */
  override setServers(servers: ServerAddress | readonly ServerAddress[]): Promise<void> {
    return super.setServers(servers);
  }

  /**
   * Listens to what happens to the servers.
   *
   * @param type `error`, `down`, `up` or `reconnect`; {@linkcode ServerEvent} says when.
   * @param listener Is called with the event.
   * @param options As for any `EventTarget`.
   */
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

  /**
   * Closes the client. Operations under way are rejected with a `SocketError`, and so is every later
   * one; closing again does nothing.
   *
   * A client that is not closed keeps a process alive while operations are under way, and no longer. Workers have
   * no process.
   *
   * @returns A promise that resolves when every socket is closed.
   * @throws What the runtime throws when a socket cannot be closed.
   */
  override close(): Promise<void> {
    return super.close();
  }
}

function withDefaultTranscoder(options: ClientOptions): BareClientOptions {
  // What is no object at all is refused with all other options.
  if (typeof options !== "object" || options === null) return options;
  const { transcoder = moecacheTranscoder } = options;
  return { ...options, transcoder };
}
