/** The client of npm's `memcached`, on moecache. @module */

import {
  Client,
  type EncodedValue,
  type Exptime,
  type Locator,
  type PartialFailure,
  type ServerEvent,
  SocketError,
  type Stats,
  type Transcoder,
} from "../../../mod.ts";
import { checkFunction } from "../../option_checks.ts";
import { npmMemcachedTranscoder } from "../../transcoding/mod.ts";
import { systemClock } from "../../waiting.ts";
import { keepingProcess } from "../../waiting/timers.ts";
import { callBack, doneNow, toBuffer } from "../node_callbacks.ts";
import { ReopenedClient } from "../reopened_client.ts";
import { Turns } from "../turns.ts";
import { Emitter } from "./emitter.ts";
import { type MemcachedIssue, ServerIssues } from "./issues.ts";
import {
  addressesOf,
  type MemcachedOptions,
  type MemcachedServers,
  type MemcachedSettings,
  namesOf,
  settingsFrom,
} from "./memcached_options.ts";
import {
  cachedumpReply,
  groupedReply,
  type MemcachedItem,
  type MemcachedStatus,
  type MemcachedVersion,
  plainReply,
  versionReply,
} from "./server_replies.ts";

/** What `this` is in a callback: the call. */
export interface MemcachedQuery {
  /** The command, `"get"` for example. */
  type: string;
  /** The command and the key; without the value, which it has in npm's memcached. */
  command: string;
  /** The key, with the namespace. */
  key?: string | undefined;
  /** What is to be stored. */
  value?: MemcachedValue;
  /** Its lifetime in seconds. */
  lifetime?: number | undefined;
  /** What was passed to `cas`. */
  cas?: string | undefined;
  /** Is not used here. */
  redundancyEnabled?: boolean | undefined;
  /** Is empty here: arguments are checked without it. */
  validate: [name: string, check: (...args: MemcachedValue[]) => MemcachedValue][];
  /** The callback. */
  callback(...args: MemcachedValue[]): MemcachedValue;
  /** When the call was made, in milliseconds since 1970. */
  start: number;
  /** How many milliseconds it took. */
  execution: number;
}

/** Receives an error, or `undefined` and the result. */
export type MemcachedCallback<Result, This = MemcachedQuery> = (
  this: This,
  // deno-lint-ignore no-explicit-any -- npm's memcached gives errors, lists of them, and a string
  error: any,
  result: Result,
) => void;

/**
 * A callback of a call that is about several keys or servers. `this` is the call, with a list of keys as `key`; the types of
 * npm's memcached say that it is `undefined`.
 */
// deno-lint-ignore no-explicit-any -- whatever a program says of `this`
export type MemcachedCallbackOfMany<Result> = MemcachedCallback<Result, any>;

/** What was stored: of any type, as in the types of npm's memcached, so that programs compile unchanged. */
// deno-lint-ignore no-explicit-any -- what a program has stored
export type MemcachedValue = any;

/** The events of a client: each is about one of its servers. */
export type MemcachedEventName = "issue" | "failure" | "reconnecting" | "reconnect" | "remove";

/** Encoded before the call, decoded as npm's memcached does; bytes are Buffers. */
const TRANSCODER: Transcoder = {
  handsOverData: true,
  encode: (item) => item as EncodedValue,
  decode(item) {
    const value = npmMemcachedTranscoder.decode(item);
    return value instanceof Uint8Array ? toBuffer(value) : value;
  },
};

/** What a call is, and what its callback gets when it fails. */
interface Call {
  readonly type: string;
  readonly key?: string | readonly string[];
  /** What is known of it besides. */
  readonly details?: Pick<MemcachedQuery, "value" | "lifetime" | "cas">;
  /** Whether it may be sent again: it has the same effect twice as once. */
  readonly repeats?: boolean;
  readonly failed?: unknown;
}

/**
 * npm's memcached, on moecache. Every method calls back with an error, or with `undefined` and the result.
 *
 * @example Two servers by weight
 * ```ts
 * import Memcached from "@moecache/moecache/memcached";
 *
 * const memcached = new Memcached({ "10.0.0.1:11211": 1, "10.0.0.2:11211": 2 }, { remove: true });
 * memcached.on("failure", ({ server, messages }) => console.error(server, messages));
 * memcached.end();
 * ```
 */
export class Memcached extends Emitter<MemcachedIssue> {
  /** The options of all clients that are made from now on; their own come first. */
  static config: MemcachedOptions = {};

  /** The names of the servers. */
  readonly servers: readonly string[];
  readonly #settings: MemcachedSettings;
  readonly #addresses: ReturnType<typeof addressesOf>;
  readonly #client: ReopenedClient;
  /** By the index of a server. */
  readonly #turns: readonly Turns[];
  /** The same as the client's, which tells the server of a key only later. */
  #ring: Locator | undefined;
  readonly #issues = new Map<string, ServerIssues>();
  #active = 0;

  /**
   * Makes a client.
   *
   * @param servers `host:port`, a list of them, or their weights by name; `localhost:11211` by default.
   * @param options The options of npm's memcached; all are optional.
   * @throws {ValidationException} When an address or an option is invalid.
   */
  constructor(servers?: MemcachedServers, options: MemcachedOptions = {}) {
    super();
    this.servers = namesOf(servers);
    this.#turns = this.servers.map(() => new Turns());
    this.#settings = settingsFrom(options, Memcached.config);
    this.#addresses = addressesOf(servers);
    this.#client = new ReopenedClient(() => this.#open());
  }

  /** Adds a listener to an event of a server. */
  override on(name: MemcachedEventName, listener: (issue: MemcachedIssue) => void): this {
    return super.on(name, listener);
  }

  #open(): Client {
    const client = new Client(this.#addresses, {
      ...this.#settings.clientOptions,
      transcoder: TRANSCODER,
    });
    client.addEventListener("error", (event) => this.#onError(client, event));
    client.addEventListener("down", this.#onDown);
    client.addEventListener("up", this.#onUp);
    return client;
  }

  /**
   * Gets a value, or several.
   *
   * @param key The key, or a list as for `getMulti`.
   * @param callback Receives the value; `undefined` when the key does not exist.
   */
  get(key: string | readonly string[], callback: MemcachedCallback<MemcachedValue>): void {
    if (Array.isArray(key)) return this.getMulti(key, callback);
    this.#onKey("get", key as string, callback, (client, full) => client.get(full), {
      repeats: true,
    });
  }

  /**
   * Gets a value and its cas unique.
   *
   * @param key The key.
   * @param callback Receives an object with the value under the key and the namespace, and `cas`; `undefined` when the key
   * does not exist.
   */
  gets(key: string, callback: MemcachedCallback<MemcachedValue>): void {
    this.#onKey("gets", key, callback, async (client, full) => {
      const found = await client.gets(full);
      return found === undefined ? undefined : { [full]: found.value, cas: `${found.cas}` };
    }, { repeats: true });
  }

  /**
   * Gets several values.
   *
   * @param keys The keys.
   * @param callback Receives an object of the values that exist, by key. If some servers fail, it gets their errors, and
   * the values of the others.
   */
  getMulti(
    keys: readonly string[],
    callback: MemcachedCallbackOfMany<Record<string, MemcachedValue>>,
  ): void {
    checkFunction("callback", callback);
    const { namespace } = this.#settings;
    const list = Array.isArray(keys) ? keys : [];
    const full = list.map((key) => namespace + key);
    const own = (found: Iterable<readonly [string, unknown]>) =>
      Object.fromEntries(Array.from(found, ([key, value]) => [key.slice(namespace.length), value]));
    const fault = Array.isArray(keys)
      ? list.map((key, i) => this.#keyFault(key, full[i])).find(Boolean)
      : `Argument "key" is not a valid Array.`;
    this.#send({ type: "get", key: full, repeats: true, failed: {} }, callback, async (client) => {
      if (fault !== undefined) throw new Error(fault);
      return own(await client.getMany(full));
    }, (error) => {
      const { failures, results } = error as Partial<PartialFailure>;
      if (failures === undefined) return [[error], {}];
      return [[...new Set(failures.values())], own(results as Map<string, unknown>)];
    });
  }

  /**
   * Stores a value.
   *
   * @param key The key.
   * @param value A string, a number, bytes, or what JSON can represent.
   * @param lifetime When it expires, in seconds; 0 is never, and below 0 it expires at once.
   * @param callback Receives `true`.
   */
  set(key: string, value: unknown, lifetime: number, callback: MemcachedCallback<boolean>): void {
    this.#store({ type: "set", key, value, lifetime }, callback, async (client, full, item) => {
      await client.set(full, item, exptimeFrom(lifetime));
      return true;
    });
  }

  /**
   * Stores a value if the key does not exist; otherwise the callback gets an error with `notStored`.
   *
   * @param key The key.
   * @param value As for `set`.
   * @param lifetime In seconds.
   * @param callback Receives `true`.
   */
  add(key: string, value: unknown, lifetime: number, callback: MemcachedCallback<boolean>): void {
    this.#store({ type: "add", key, value, lifetime }, callback, async (client, full, item) => {
      return stored(await client.add(full, item, exptimeFrom(lifetime)));
    });
  }

  /**
   * Stores a value if the key exists; otherwise the callback gets an error with `notStored`.
   *
   * @param key The key.
   * @param value As for `set`.
   * @param lifetime In seconds.
   * @param callback Receives `true`.
   */
  replace(
    key: string,
    value: unknown,
    lifetime: number,
    callback: MemcachedCallback<boolean>,
  ): void {
    this.#store({ type: "replace", key, value, lifetime }, callback, async (client, full, item) => {
      return stored(await client.replace(full, item, exptimeFrom(lifetime)));
    });
  }

  /**
   * Stores a value if the key has not changed since `gets`.
   *
   * @param key The key.
   * @param value As for `set`.
   * @param cas What `gets` gave as `cas`.
   * @param lifetime In seconds.
   * @param callback Receives whether it was stored.
   */
  cas(
    key: string,
    value: unknown,
    cas: string,
    lifetime: number,
    callback: MemcachedCallback<boolean>,
  ): void {
    this.#store(
      { type: "cas", key, value, lifetime, cas },
      callback,
      async (client, full, item) => {
        if (!/^\d+$/.test(cas)) throw new Error('Argument "cas" is not a valid String.');
        return await client.cas(full, item, BigInt(cas), exptimeFrom(lifetime)) === "stored";
      },
    );
  }

  /**
   * Appends to a value; if there is none, the callback gets an error with `notStored`.
   *
   * @param key The key.
   * @param value As for `set`.
   * @param callback Receives `true`.
   */
  append(key: string, value: unknown, callback: MemcachedCallback<boolean>): void {
    this.#store(
      { type: "append", key, value, lifetime: 0 },
      callback,
      async (client, full, item) => {
        return stored(await client.append(full, item.data));
      },
    );
  }

  /**
   * Prepends to a value; if there is none, the callback gets an error with `notStored`.
   *
   * @param key The key.
   * @param value As for `set`.
   * @param callback Receives `true`.
   */
  prepend(key: string, value: unknown, callback: MemcachedCallback<boolean>): void {
    this.#store(
      { type: "prepend", key, value, lifetime: 0 },
      callback,
      async (client, full, item) => {
        return stored(await client.prepend(full, item.data));
      },
    );
  }

  /**
   * Adds to a number.
   *
   * @param key The key.
   * @param value What is added, an integer from 0 on.
   * @param callback Receives the new number; `false` when the key does not exist.
   */
  incr(key: string, value: number, callback: MemcachedCallback<number | boolean>): void {
    this.#count("incr", key, value, callback);
  }

  /**
   * Subtracts from a number, down to 0.
   *
   * @param key The key.
   * @param value What is subtracted, an integer from 0 on.
   * @param callback Receives the new number; `false` when the key does not exist.
   */
  decr(key: string, value: number, callback: MemcachedCallback<number | boolean>): void {
    this.#count("decr", key, value, callback);
  }

  /**
   * Adds to a number, as `incr` does.
   *
   * @param key The key.
   * @param value What is added.
   * @param callback Receives the new number.
   */
  increment(key: string, value: number, callback: MemcachedCallback<number | boolean>): void {
    this.incr(key, value, callback);
  }

  /**
   * Subtracts from a number, as `decr` does.
   *
   * @param key The key.
   * @param value What is subtracted.
   * @param callback Receives the new number.
   */
  decrement(key: string, value: number, callback: MemcachedCallback<number | boolean>): void {
    this.decr(key, value, callback);
  }

  /**
   * Sets when a key expires.
   *
   * @param key The key.
   * @param lifetime In seconds; 0 is never, and below 0 it expires at once.
   * @param callback Receives whether the key exists.
   */
  touch(key: string, lifetime: number, callback: MemcachedCallback<boolean>): void {
    this.#onKey("touch", key, callback, (client, full) => {
      checkNumber("lifetime", lifetime);
      return client.touch(full, exptimeFrom(lifetime));
    }, { repeats: true, details: { lifetime } });
  }

  /**
   * Deletes a key.
   *
   * @param key The key.
   * @param callback Receives whether it existed.
   */
  del(key: string, callback: MemcachedCallback<boolean>): void {
    this.#onKey("delete", key, callback, (client, full) => client.delete(full), { repeats: true });
  }

  /**
   * Deletes a key, as `del` does.
   *
   * @param key The key.
   * @param callback Receives whether it existed.
   */
  delete(key: string, callback: MemcachedCallback<boolean>): void {
    this.del(key, callback);
  }

  /**
   * Reads the version of each server.
   *
   * @param callback Receives a list of `{ server, version, major, minor, bugfix }`.
   */
  version(callback: MemcachedCallbackOfMany<MemcachedVersion[]>): void {
    this.#onAll("version", callback, (client) => client.version(), versionReply);
  }

  /**
   * Empties all servers.
   *
   * @param callback Receives a list with `true` for each.
   */
  flush(callback: MemcachedCallbackOfMany<boolean[]>): void {
    const flush = async (client: Client) => {
      await client.flushAll();
      return this.servers.map(() => undefined);
    };
    this.#onAll("flush_all", callback, flush, () => true);
  }

  /**
   * Empties all servers, as `flush` does.
   *
   * @param callback Receives a list with `true` for each.
   */
  flushAll(callback: MemcachedCallbackOfMany<boolean[]>): void {
    this.flush(callback);
  }

  /**
   * Reads the statistics of each server.
   *
   * @param callback Receives a list of objects, each with `server`.
   */
  stats(callback: MemcachedCallbackOfMany<MemcachedStatus[]>): void {
    this.#onAll("stats", callback, (client) => client.stats(), plainReply);
  }

  /**
   * Reads the settings of each server.
   *
   * @param callback Receives a list of objects, each with `server`.
   */
  settings(callback: MemcachedCallbackOfMany<MemcachedStatus[]>): void {
    this.#onAll("stats settings", callback, (client) => client.stats("settings"), plainReply);
  }

  /**
   * Reads the settings, as `settings` does.
   *
   * @param callback As for `settings`.
   */
  statsSettings(callback: MemcachedCallbackOfMany<MemcachedStatus[]>): void {
    this.settings(callback);
  }

  /**
   * Reads the statistics of the slabs of each server.
   *
   * @param callback Receives a list of objects by slab, each with `server`.
   */
  slabs(callback: MemcachedCallbackOfMany<MemcachedStatus[]>): void {
    const reply = (server: string, stats: Stats) => groupedReply(server, stats, "");
    this.#onAll("stats slabs", callback, (client) => client.stats("slabs"), reply);
  }

  /**
   * Reads the statistics of the slabs, as `slabs` does.
   *
   * @param callback As for `slabs`.
   */
  statsSlabs(callback: MemcachedCallbackOfMany<MemcachedStatus[]>): void {
    this.slabs(callback);
  }

  /**
   * Reads the statistics of the items of each server.
   *
   * @param callback Receives a list of objects by slab, each with `server`.
   */
  items(callback: MemcachedCallbackOfMany<MemcachedStatus[]>): void {
    const reply = (server: string, stats: Stats) => groupedReply(server, stats, "items:");
    this.#onAll("stats items", callback, (client) => client.stats("items"), reply);
  }

  /**
   * Reads the statistics of the items, as `items` does.
   *
   * @param callback As for `items`.
   */
  statsItems(callback: MemcachedCallbackOfMany<MemcachedStatus[]>): void {
    this.items(callback);
  }

  /**
   * Lists items of a slab.
   *
   * @param server The server, one of `servers`.
   * @param slabid The slab, as `items` has it.
   * @param number How many at most; 0 is all.
   * @param callback Receives a list of `{ key, b, s }`, or the only one, or `undefined`.
   */
  cachedump(
    server: string,
    slabid: number,
    number: number,
    callback: MemcachedCallbackOfMany<MemcachedItem | MemcachedItem[]>,
  ): void {
    checkFunction("callback", callback);
    this.#send({ type: "stats cachedump" }, callback, async (client) => {
      checkNumber("slabid", slabid);
      checkNumber("number", number);
      const index = this.servers.indexOf(server);
      if (index === -1) throw new Error(`Server at ${server} not available`);
      const items = cachedumpReply(await statsOf(client, index, `cachedump ${slabid} ${number}`));
      // Nothing where there are none, as in npm's memcached, whose types do not say so.
      return items.length > 1 ? items : items[0] as MemcachedItem;
    });
  }

  /** Closes the connections when the calls that are under way have ended. Later ones open others. */
  end(): void {
    this.#client.close();
  }

  #onKey<Result>(
    type: string,
    key: string,
    callback: MemcachedCallback<Result>,
    send: (client: Client, full: string) => Promise<Result>,
    call: Partial<Call> = {},
  ): void {
    checkFunction("callback", callback);
    const full = this.#settings.namespace + key;
    this.#send({ type, key: full, ...call }, callback, async (client) => {
      const fault = this.#keyFault(key, full);
      if (fault !== undefined) throw new Error(fault);
      return await send(client, full);
    });
  }

  #store(
    { type, key, value, lifetime, cas }: Storing,
    callback: MemcachedCallback<boolean>,
    send: (client: Client, full: string, item: EncodedValue) => Promise<boolean>,
  ): void {
    const written = doneNow(() => {
      checkNumber("lifetime", lifetime);
      // This transcoder is synchronous: a call does not overtake the one before.
      const item = npmMemcachedTranscoder.encode(value) as EncodedValue;
      const { maxValue } = this.#settings;
      if (item.data.byteLength > maxValue) {
        throw new Error(`The length of the value is greater than ${maxValue}`);
      }
      return item;
    });
    this.#onKey(type, key, callback, async (client, full) => {
      return await send(client, full, written());
    }, { repeats: type === "set", failed: false, details: { value, lifetime, cas } });
  }

  #count(
    type: "incr" | "decr",
    key: string,
    value: number,
    callback: MemcachedCallback<number | boolean>,
  ): void {
    this.#onKey(type, key, callback, async (client, full) => {
      checkNumber("value", value);
      const number = await client[type](full, value);
      return number === undefined ? false : Number(number);
    }, { failed: false, details: { value } });
  }

  #onAll<Reply, Shape>(
    type: string,
    callback: MemcachedCallback<Shape[]>,
    send: (client: Client) => Promise<readonly Reply[]>,
    shape: (server: string, reply: Reply) => Shape,
  ): void {
    checkFunction("callback", callback);
    const shapes = (replies: readonly (Reply | undefined)[], has: (i: number) => boolean) =>
      this.servers.flatMap((server, i) => has(i) ? [shape(server, replies[i] as Reply)] : []);
    let names: readonly string[] = [];
    this.#send({ type }, callback, async (client) => {
      names = client.servers.map(({ name }) => name);
      return shapes(await send(client), () => true);
    }, (error) => {
      const results = (error as Partial<PartialFailure>).results ?? new Map();
      const replies = names.map((name) => results.get(name) as Reply);
      return [error, shapes(replies, (i) => results.has(names[i] ?? ""))];
    });
  }

  /** Why a key cannot be used, in the words of npm's memcached. */
  #keyFault(key: unknown, full = ""): string | undefined {
    const { maxKeySize, keyCompression } = this.#settings;
    // A number becomes a string together with the namespace, as in npm's memcached, whose types allow none.
    if (!["string", "number"].includes(typeof key)) return 'Argument "key" is not a valid String.';
    if (full.length > maxKeySize) {
      if (keyCompression) return undefined;
      return `Argument "key" is longer than the maximum allowed length of ${maxKeySize}`;
    }
    if (/\s/.test(full)) return "The key should not contain any whitespace or new lines";
    return undefined;
  }

  /** Sends, and calls back with what comes of it. */
  async #send<Result>(
    call: Call,
    callback: MemcachedCallback<Result>,
    send: Send<Result>,
    onFailure: (error: unknown) => readonly [error: unknown, result: unknown] = (error) => [
      error,
      call.failed,
    ],
  ): Promise<void> {
    const { type, key, details } = call;
    const start = Date.now();
    let outcome: readonly [error: unknown, result: unknown];
    const { maxQueueSize } = this.#settings;
    if (++this.#active > maxQueueSize && maxQueueSize > 0) {
      outcome = ["over queue limit", null];
    } else {
      try {
        outcome = [undefined, await this.#client.use((client) => this.#inTurn(client, call, send))];
      } catch (error) {
        outcome = onFailure(error);
      }
    }
    this.#active--;
    const query: MemcachedQuery = {
      ...{ type, command: [type, key ?? []].flat(2).join(" "), key: key as string, ...details },
      ...{ validate: [], callback, start, execution: Date.now() - start },
    };
    const [error, result] = outcome;
    callBack(() => callback.call(query, error, result as Result));
  }

  /** Sends; what is about one server is answered after what was sent to it before. */
  #inTurn<Result>(client: Client, call: Call, send: Send<Result>): Promise<Result> {
    const index = this.servers.length === 1 ? 0 : this.#serverOf(client, call.key);
    const turns = this.#turns[index] ?? new Turns();
    return turns.take((leave) => this.#try(client, call, send, leave));
  }

  /** The index of a key's server; -1 for several keys. */
  #serverOf(client: Client, key: Call["key"]): number {
    if (typeof key !== "string") return -1;
    this.#ring ??= this.#settings.clientOptions.locator?.(client.servers.map(({ name }, i) => {
      return { name, weight: this.#addresses[i]?.weight ?? 1 };
    }));
    return this.#ring?.locate(key) ?? -1;
  }

  /** Sends, and again where that may be: others do not wait for that. */
  async #try<Result>(
    client: Client,
    { repeats }: Call,
    send: Send<Result>,
    leave: () => void,
  ): Promise<Result> {
    const { retries, delay, clientOptions: { clock = systemClock } } = this.#settings;
    for (let retry = 0;; retry++) {
      try {
        return await send(client);
      } catch (error) {
        if (!repeats || retry >= retries || !(error instanceof SocketError)) throw error;
      }
      leave();
      await new Promise<void>((resolve) => keepingProcess(clock).after(delay(retry), resolve));
    }
  }

  #issuesOf(server: string): ServerIssues {
    let issues = this.#issues.get(server);
    if (issues === undefined) {
      issues = new ServerIssues(server, this.#settings.failures);
      this.#issues.set(server, issues);
    }
    return issues;
  }

  #onError(client: Client, { server, error }: ServerEvent): void {
    const issues = this.#issuesOf(server);
    // What is counted in a row here begins again where the client counts from 1 again: the server has answered.
    const status = client.servers.find(({ name }) => name === server);
    issues.fail(error, Math.max(1, status?.failures ?? 1));
    this.emit("issue", issues.describe());
  }

  readonly #onDown = ({ server }: ServerEvent): void => {
    const issues = this.#issuesOf(server);
    issues.goDown();
    if (this.#settings.removes) this.emit("remove", issues.describe());
    this.emit("failure", issues.describe());
    this.emit("reconnecting", issues.describe());
  };

  readonly #onUp = ({ server }: ServerEvent): void => {
    this.emit("reconnect", this.#issuesOf(server).comeBack());
  };
}

/** The names that the types of npm's memcached have. */
export declare namespace Memcached {
  /** The options of a client. */
  export type options = MemcachedOptions;
  /** The servers of a client. */
  export type Location = string | string[] | { [server: string]: number };
  /** The events of a client. */
  export type EventNames = MemcachedEventName;
  /** What `this` is in a callback. */
  export type CommandData = MemcachedQuery;
  /** What listeners get. */
  export type IssueData = MemcachedIssue;
  /** Statistics or settings of one server. */
  export type StatusData = MemcachedStatus;
  /** The version of one server. */
  export type VersionData = MemcachedVersion;
  /** An item, as `cachedump` lists it. */
  export type CacheDumpData = MemcachedItem;
}

/** A call that stores a value. */
interface Storing {
  readonly type: string;
  readonly key: string;
  readonly value: unknown;
  readonly lifetime: number;
  readonly cas?: string;
}

/** Sends a command with a client. */
type Send<Result> = (client: Client) => Promise<Result>;

/** Statistics of one server. Whether the others answer does not matter. */
async function statsOf(client: Client, index: number, group: string): Promise<Stats> {
  try {
    return (await client.stats(group))[index] ?? {};
  } catch (error) {
    const { failures, results } = error as Partial<PartialFailure>;
    const { name = "" } = client.servers[index] ?? {};
    const stats = results?.get(name);
    if (stats === undefined) throw failures?.get(name) ?? error;
    return stats as Stats;
  }
}

/** Turns `false` into the error of npm's memcached. */
function stored(isStored: boolean): true {
  if (isStored) return true;
  throw Object.assign(new Error("Item is not stored"), { notStored: true });
}

/** memcached takes a whole number below 0 for a time in the past. */
function exptimeFrom(lifetime: number): Exptime {
  return lifetime < 0 && Number.isInteger(lifetime) ? new Date(0) : lifetime;
}

function checkNumber(name: string, value: unknown): void {
  if (typeof value !== "number") throw new Error(`Argument "${name}" is not a valid Number.`);
}
