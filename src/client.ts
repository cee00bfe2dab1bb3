/** The client. @module */

import {
  type BareClientOptions,
  type ClientOptions,
  type OperationOptions,
  type ResolvedOptions,
  resolveOptions,
} from "./client_options.ts";
import { quote } from "./errors.ts";
import { LeasingCommands } from "./leasing_commands.ts";
import { dumpItems } from "./item_dump.ts";
import { Namespace } from "./namespace.ts";
import { checkInteger } from "./option_checks.ts";
import { AnswerCommand, OK_ANSWERS, VersionCommand } from "./protocol/commands/answer.ts";
import {
  checkMetaRequest,
  type ItemInfo,
  MetaCommand,
  type MetaReply,
  type MetaVerb,
  plainKey,
  readItemInfo,
} from "./protocol/commands/meta.ts";
import type { ItemMetadata } from "./protocol/commands/metadump.ts";
import { checkStatsArguments, type Stats, StatsCommand } from "./protocol/commands/stats.ts";
import { type WatchKind, watchRequest } from "./protocol/commands/watch.ts";
import { LONGEST_RELATIVE } from "./protocol/exptime.ts";
import { checkKey } from "./protocol/key.ts";
import type { KeyLocation } from "./routing/locator.ts";
import { Router } from "./router.ts";
import { resolveServers, type ServerAddress } from "./server_address.ts";
import { ServerEvent, type ServerEventListener } from "./server_event.ts";
import { ServerSearch } from "./server_search.ts";
import type { ServerStatus } from "./server_status.ts";
import { makeSession, type Session } from "./session.ts";
import { ownData } from "./transcoding/item_codec.ts";
import { moecacheTranscoder } from "./transcoding/moecache_transcoder.ts";
import { watchNodes, type WatchStream } from "./watch_stream.ts";

/** How items are made to expire. */
export interface FlushOptions extends OperationOptions {
  /** In how many seconds, 0 to 2,592,000; at once unless given. */
  readonly delay?: number;
}

/** Which items are listed. */
export interface ItemsOptions extends OperationOptions {
  /** The name, `host:port`, or the index of the server whose items to list; all servers' unless given. */
  readonly server?: string | number;
}

/**
 * A {@linkcode Client} that is told how values are stored, for programs whose size counts: a bundler leaves out
 * of them what reads and writes the pickles of the default transcoder, a quarter of the whole.
 *
 * @example A client for JSON, without what reads pickles
 * ```ts
 * import { BareClient, jsonTranscoder } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new BareClient(server.address, { transcoder: jsonTranscoder() });
 *
 * await client.set("some_key", { some: "value" });
 * assertEquals(await client.get("some_key"), { some: "value" });
 * ```
 */
export class BareClient extends LeasingCommands implements AsyncDisposable {
  readonly #router: Router;
  readonly #search: ServerSearch | undefined;
  readonly #options: ResolvedOptions;
  readonly #session: Session;

  /**
   * Makes a client. No socket is opened before the first operation needs one.
   *
   * @param servers One server or a list of them. The order counts only where two servers share a
   * point of the ring, and for what {@linkcode stats} returns. With the option `discovery` the list may be
   * empty.
   * @param options How the client behaves, its transcoder at least.
   * @throws {ValidationException} When an address or an option is invalid.
   */
  constructor(servers: ServerAddress | readonly ServerAddress[], options: BareClientOptions) {
    const resolved = resolveOptions(options);
    const { discovery } = resolved;
    const isUnknown = discovery !== undefined && Array.isArray(servers) && servers.length === 0;
    const router = new Router(
      isUnknown ? [] : resolveServers(servers, resolved),
      resolved,
      (type, server, error) => {
        if (error !== undefined) search?.serverFailed();
        this.dispatchEvent(new ServerEvent(type, server, error));
      },
    );
    const search = discovery && new ServerSearch(discovery, router, resolved, (error) => {
      this.dispatchEvent(new ServerEvent("error", discovery.name, error));
    });
    const route = search ?? router;
    const session = makeSession(
      (key, command, options) => route.submit(key, command, options),
      resolved,
    );
    super(session);
    this.#router = router;
    this.#search = search;
    this.#options = resolved;
    this.#session = session;
  }

  /**
   * What is known of the servers at this moment, in the order of the list; behind them those of a gutter. With
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
  get servers(): readonly ServerStatus[] {
    return this.#router.status();
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
  async setServers(servers: ServerAddress | readonly ServerAddress[]): Promise<void> {
    const retired = this.#router.setServers(resolveServers(servers, this.#options));
    this.#search?.admit();
    await retired;
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
    listener: ServerEventListener | null,
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
    listener: ServerEventListener | EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener as EventListenerOrEventListenerObject | null, options);
  }

  /**
   * Tells what memcached knows of an item, without reading it or counting as a use of it. Only of an item
   * that was marked stale by a meta command, the first to look at it is told to compute it anew: that is
   * this command then, and nobody does. Needs memcached 1.6.10 or later.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param options `signal`.
   * @returns The item's particulars, or `undefined` when the key does not exist.
   * @throws {ValidationException} When the key is invalid.
   * @throws {ClientException} When memcached refuses, or is older.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered.
   *
   * @example A fresh item
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("key", "value", 60);
   * const item = await client.inspect("key");
   * assertEquals([item?.flags, item?.size, item?.ttl, item?.fetched], [274, 5, 60, false]);
   * ```
   */
  async inspect(key: string, options?: OperationOptions): Promise<ItemInfo | undefined> {
    const request = { verb: "mg", key, flags: ["f", "s", "c", "t", "l", "h", "u"] } as const;
    const reply = await new Promise<MetaReply>((resolve, reject) => {
      checkMetaRequest(request);
      const command = new MetaCommand(request, resolve, reject);
      command.absent = { status: "EN", flags: {} };
      this.#session.submit(key, command, options);
    });
    return reply.status === "EN" ? undefined : readItemInfo(reply);
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
   * import { Client, ketama } from "@moecache/moecache";
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
  explain(key: string): KeyLocation {
    checkKey(key, "explain");
    return this.#router.explain(key);
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
  meta(
    verb: MetaVerb,
    key: string,
    flags?: readonly string[],
    value?: string | Uint8Array,
    options?: OperationOptions,
  ): Promise<MetaReply> {
    return new Promise((resolve, reject) => {
      const data = value === undefined
        ? undefined
        : ownData(value, `send a value by ${quote(verb)}`);
      const request = { verb, key, flags: Array.isArray(flags) ? [...flags] : flags ?? [], data };
      checkMetaRequest(request);
      const { submit, submitChange } = this.#session;
      const send = READING_VERBS.includes(verb) ? submit : submitChange;
      send(plainKey(request), new MetaCommand(request, resolve, reject), options);
    });
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
   * @throws {SocketError} When a server cannot be reached, or is lost before it has answered.
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
  async stats(args?: string, options?: OperationOptions): Promise<Stats[]> {
    if (args !== undefined) checkStatsArguments(args);
    return await (this.#search ?? this.#router).everywhere<Stats>(
      (resolve, reject) => new StatsCommand(args, resolve, reject),
      options,
    );
  }

  /**
   * Makes every item of every server expire, now or later.
   *
   * @param options `delay`, in seconds, 0 to 2,592,000; `signal`.
   * @throws {ValidationException} When the delay is invalid.
   * @throws {ClientException} When a server refuses.
   * @throws {SocketError} When a server cannot be reached, or is lost before it has answered.
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
  async flushAll(options: FlushOptions = {}): Promise<void> {
    const { delay } = options;
    // Given an absolute time, memcached flushes nothing.
    const request = delay === undefined
      ? "flush_all"
      : `flush_all ${checkInteger("delay", delay, 0, LONGEST_RELATIVE)}`;
    const { flights } = this.#session;
    const forget = () => {
      if (!delay) flights.clear();
    };
    forget();
    await this.#tellAll(request, options).finally(forget);
  }

  /**
   * Asks every server for its version.
   *
   * @param options `signal`.
   * @returns The versions, in the order the servers were given in: `["1.6.18"]`.
   * @throws {ClientException} When a server refuses.
   * @throws {SocketError} When a server cannot be reached, or is lost before it has answered.
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
    return (this.#search ?? this.#router).everywhere<string>(
      (resolve, reject) => new VersionCommand(resolve, reject),
      options,
    );
  }

  /**
   * Sets how much every server writes to its log.
   *
   * @param level 0 for little, 1 and 2 for more, as memcached's `-v` and `-vv`.
   * @param options `signal`.
   * @throws {ValidationException} When the level is no integer from 0 to 2,147,483,647.
   * @throws {ClientException} When a server refuses.
   * @throws {SocketError} When a server cannot be reached, or is lost before it has answered.
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
  async verbosity(level: number, options?: OperationOptions): Promise<void> {
    await this.#tellAll(`verbosity ${checkInteger("verbosity", level, 0, 0x7fffffff)}`, options);
  }

  /**
   * Lists the items of all servers, one server after the other, with `lru_crawler metadump`. They come
   * as they are asked for, through a connection of their own that opens with the first and closes with
   * the loop, `break` included. It is no snapshot: what is stored or deleted meanwhile may or may not be
   * among them, and memcached may leave out, or list twice, what it moves between its queues just then.
   *
   * memcached has one crawler, which waits for a slow loop and lists for one client at a time; while it
   * is busy with another, this one asks again for a second and a half. `timeout` applies to the first
   * line of each server's reply, not to the whole.
   *
   * @param options `server`, the one to ask; `signal`.
   * @returns The items.
   * @throws {ValidationException} When there is no such server; at once.
   * @throws {ClientException} When memcached refuses, as it does with its crawler disabled or busy; from
   * the loop.
   * @throws {SocketError} When a server cannot be reached, or is lost before its last item; from the loop.
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
  items(options: ItemsOptions = {}): AsyncGenerator<ItemMetadata, void, undefined> {
    const { server, signal } = options;
    return dumpItems(this.#search?.nodes(server, signal) ?? this.#router.nodes(server), signal);
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
    const signal = options?.signal;
    const request = watchRequest(kinds);
    return watchNodes(this.#search?.allNodes(signal) ?? this.#router.nodes(), request, signal);
  }

  /**
   * Closes the client. Operations under way are rejected with a `SocketError`, and so is every later
   * one; closing again does nothing.
   *
   * @returns A promise that resolves when every socket is closed.
   * @throws What the runtime throws when a socket cannot be closed.
   */
  async close(): Promise<void> {
    await Promise.all([this.#router.close(), this.#search?.close()]);
  }

  /** Closes the client: `await using client = new Client(…)`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #tellAll(request: string, options: OperationOptions | undefined): Promise<void> {
    await (this.#search ?? this.#router).everywhere<void>(
      (resolve, reject) => new AnswerCommand(request, OK_ANSWERS, resolve, reject),
      options,
    );
  }
}

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
export class Client extends BareClient {
  /**
   * Makes a client. No socket is opened before the first operation needs one.
   *
   * @param servers One server or a list of them. The order counts only where two servers share a
   * point of the ring, and for what {@linkcode BareClient.stats} returns. With the option `discovery` the list
   * may be empty.
   * @param options How the client behaves.
   * @throws {ValidationException} When an address or an option is invalid.
   */
  constructor(servers: ServerAddress | readonly ServerAddress[], options: ClientOptions = {}) {
    super(servers, withTranscoder(options));
  }
}

function withTranscoder(options: ClientOptions): BareClientOptions {
  // What is no object at all is refused with all other options.
  if (typeof options !== "object" || options === null) return options;
  const { transcoder = moecacheTranscoder } = options;
  return { ...options, transcoder };
}

/** The meta commands that change no value. */
const READING_VERBS: readonly MetaVerb[] = ["mg", "mn", "me"];
