/** The client of npm's `memjs`, on moecache. @module */

import {
  Client as MoecacheClient,
  ClientException,
  type EncodedValue,
  type Locator,
  type LocatorFactory,
  type PartialFailure,
  rawTranscoder,
  SocketError,
  ValidationException,
} from "../../../mod.ts";
import {
  checkFunction,
  checkOptions,
  invalidPlace,
  type OptionTypes,
} from "../../option_checks.ts";
import { byteString } from "../../routing/hashes/text_hash.ts";
import { memjsModulo } from "../../routing/mod.ts";
import { systemClock } from "../../waiting.ts";
import { keepingProcess } from "../../waiting/timers.ts";
import { callBack, doneNow, type NodeBuffer, toBuffer } from "../node_callbacks.ts";
import { ReopenedClient } from "../reopened_client.ts";
import { Turns } from "../turns.ts";
import {
  addressesOf,
  givenOptions,
  LATEST,
  type MemjsAddress,
  type MemjsOptions,
  type MemjsSerializer,
  type MemjsSettings,
  type MemjsValue,
  readServers,
  settingsFrom,
  whole,
  withServerOptions,
} from "./memjs_options.ts";
import { viewOf } from "./messages.ts";
import { readRequest, refusalOf } from "./perform.ts";
import { closeWith, type Server, serversFrom } from "./server.ts";

/** Receives an error, or `null` and the results. */
export type MemjsCallback<Results extends readonly unknown[]> = (
  error: Error | null,
  ...results: { [Index in keyof Results]: Results[Index] | null }
) => void;

/** Receives an error, or `null` and what `get` resolves to; `null` too where there is an error. */
export type MemjsGetCallback<Read> = (
  error: Error | null,
  value: Read,
  flags: NodeBuffer | null,
) => void;

/** What `get` resolves to; both are `null` when the key does not exist. */
export interface MemjsItem<Read> {
  /** The value: a `Buffer`, where the runtime has it and there is no serializer. */
  value: Read;
  /** The flags, in 4 bytes. */
  flags: NodeBuffer | null;
}

/** What `increment` and `decrement` resolve to. */
export interface MemjsCounter {
  /** Always `true`. */
  success: boolean;
  /** The new number. */
  value: number;
}

/** The options of an operation that stores. */
export interface MemjsStoring {
  /** When the value expires, in seconds; by default what the client's option `expires` says. */
  expires?: number | undefined;
}

/** The options of `increment` and `decrement`. */
export interface MemjsCounting extends MemjsStoring {
  /** The number that a key that does not exist becomes; 0 by default. */
  initial?: number | undefined;
}

// Of any type: `null` is the default, and memjs reads numbers from strings.
const STORING_TYPES: OptionTypes<MemjsStoring> = { expires: "any" };
const COUNTING_TYPES: OptionTypes<MemjsCounting> = { expires: "any", initial: "any" };

const OPCODES = { get: 0, set: 1, add: 2, replace: 3, append: 14, prepend: 15 } as const;

/**
 * memjs's client, on moecache. Make it with {@linkcode Client.create}. Without a callback, a method returns a promise.
 *
 * @example With a callback
 * ```ts
 * import { Client } from "@moecache/moecache/memjs";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const client = Client.create(server.address);
 *
 * const got = Promise.withResolvers<string>();
 * client.set("greeting", "hello", { expires: 600 }, () => {
 *   client.get("greeting", (_error, value) => got.resolve(`${value}`));
 * });
 * assertEquals(await got.promise, "hello");
 * client.close();
 * ```
 */
export class Client<Given = MemjsValue, Read = NodeBuffer | null> {
  /** The servers, in the order in which keys are distributed. */
  readonly servers: readonly Server[];
  /** The number of the last request that the program has made itself; see {@linkcode Client.perform}. */
  seq: number = 0;
  readonly #options: MemjsOptions<Given, Read>;
  readonly #settings: MemjsSettings;
  readonly #client: ReopenedClient;
  /** By the index of a server. */
  readonly #turns: readonly Turns[];
  #distribution: Locator | undefined;

  /**
   * Makes a client of these servers. {@linkcode Client.create} reads them from a string or the environment.
   *
   * @param servers The servers, or objects with their `host` and `port`.
   * @param options As for `create`.
   * @throws {ValidationException} When a server or an option is invalid.
   */
  constructor(servers: readonly MemjsAddress[], options: MemjsOptions<Given, Read> = {}) {
    if (!Array.isArray(servers)) {
      throw invalidPlace("servers", servers, "a list of servers");
    }
    this.servers = serversFrom(servers);
    this.#turns = this.servers.map(() => new Turns());
    const given = withServerOptions(givenOptions(options), this.servers);
    this.#settings = settingsFrom(given);
    const { attempts: retries, expires, logger } = this.#settings;
    this.#options = Object.freeze({
      ...{ failoverTime: 60, retries, "retry_delay": 0.2, expires, logger },
      ...given as MemjsOptions<Given, Read>,
    });
    const addresses = addressesOf(this.servers, given);
    this.#client = new ReopenedClient(() =>
      new MoecacheClient(addresses, {
        ...this.#settings.clientOptions,
        transcoder: rawTranscoder({ withFlags: true }),
        keys: { encode: byteString, route: (key) => key },
        locator: this.#locator,
      })
    );
    for (const server of this.servers) closeWith(server, () => this.close());
  }

  /**
   * Makes a client.
   *
   * @param servers `[user:password@]host[:port]`, several separated by commas. By default those of the environment
   * variable `MEMCACHIER_SERVERS` or `MEMCACHE_SERVERS`, or `localhost:11211`.
   * @param options memjs's options; all are optional.
   * @returns The client. No socket is opened before the first operation.
   * @throws {ValidationException} When an address or an option is invalid.
   */
  static create<Given = MemjsValue, Read = NodeBuffer | null>(
    servers?: string | null,
    options: MemjsOptions<Given, Read> = {},
  ): Client<Given, Read> {
    return new Client(readServers(servers ?? undefined), options);
  }

  /** The options, with memjs's defaults; they cannot be changed any more. */
  get options(): MemjsOptions<Given, Read> {
    return this.#options;
  }

  /** What converts values; without the option, it changes nothing. */
  get serializer(): MemjsSerializer<Given, Read> {
    return this.#options.serializer ?? NO_SERIALIZER as unknown as MemjsSerializer<Given, Read>;
  }

  /**
   * Chooses the server of a key. Set it to a function of your own for another distribution.
   *
   * @param key The key.
   * @returns The server's index in `servers`; memjs's types say that it is a string.
   */
  // deno-lint-ignore no-explicit-any -- a number, and a string in memjs's types
  getServer(key: string): any {
    const distribution = this.#distribution ??= memjsModulo(
      this.servers.map(({ host, port }) => ({ name: `${host}:${port}`, weight: 1 })),
    );
    return distribution.locate(key);
  }

  /**
   * Returns the server of a key, whether it is up or not.
   *
   * @param key The key.
   * @returns The server, one of `servers`.
   */
  server(key: string): Server | undefined {
    return this.servers[this.servers.length === 1 ? 0 : this.getServer(key)];
  }

  /**
   * Gets a value.
   *
   * @param key The key.
   * @returns The value and its flags; `null` both when the key does not exist.
   */
  get(key: string): Promise<MemjsItem<Read>>;
  /**
   * Gets a value.
   *
   * @param key The key.
   * @param callback Receives the value and its flags.
   */
  get(key: string, callback: MemjsGetCallback<Read>): void;
  get(key: string, callback?: MemjsGetCallback<Read>): Promise<MemjsItem<Read>> | void {
    const got = async (leave: Leave): Promise<MemjsItem<Read>> => {
      const item = await this.#repeat(
        { name: "GET", key, leave },
        (client) => client.get<EncodedValue>(key),
      );
      // Also with a serializer, whatever the type of what it reads.
      return item === undefined ? { value: null as Read, flags: null } : this.#read(key, item);
    };
    return this.#answer(key, got, callback, ({ value, flags }) => callback?.(null, value, flags));
  }

  /**
   * Stores a value.
   *
   * @param key The key.
   * @param value A string or bytes, or what the serializer takes.
   * @param options `expires`, in seconds.
   * @returns `true`.
   */
  set(key: string, value: Given, options?: MemjsStoring): Promise<boolean>;
  /**
   * Stores a value.
   *
   * @param callback Receives `true`.
   * @param expires When it expires, in memjs's former order.
   */
  set(key: string, value: Given, callback: MemjsCallback<[boolean]>, expires?: number): void;
  /**
   * Stores a value.
   *
   * @param callback Receives `true`.
   */
  set(
    key: string,
    value: Given,
    options: MemjsStoring,
    callback: MemjsCallback<[boolean]>,
  ): void;
  set(key: string, value: Given, ...rest: readonly unknown[]): Promise<boolean> | void {
    return this.#store("set", key, value, rest, async (client, item, expires) => {
      await client.set(key, item, expires);
      return true;
    });
  }

  /**
   * Stores a value if the key does not exist.
   *
   * @param options `expires`.
   * @returns Whether it did.
   */
  add(key: string, value: Given, options?: MemjsStoring): Promise<boolean>;
  /**
   * Stores a value if the key does not exist.
   *
   * @param callback Receives whether it did.
   */
  add(key: string, value: Given, callback: MemjsCallback<[boolean]>, expires?: number): void;
  /**
   * Stores a value if the key does not exist.
   *
   * @param callback Receives whether it did.
   */
  add(key: string, value: Given, options: MemjsStoring, callback: MemjsCallback<[boolean]>): void;
  add(key: string, value: Given, ...rest: readonly unknown[]): Promise<boolean> | void {
    return this.#store(
      "add",
      key,
      value,
      rest,
      (client, item, expires) => client.add(key, item, expires),
    );
  }

  /**
   * Stores a value if the key exists.
   *
   * @param options `expires`.
   * @returns Whether it did.
   */
  replace(key: string, value: Given, options?: MemjsStoring): Promise<boolean>;
  /**
   * Stores a value if the key exists.
   *
   * @param callback Receives whether it did.
   */
  replace(key: string, value: Given, callback: MemjsCallback<[boolean]>, expires?: number): void;
  /**
   * Stores a value if the key exists.
   *
   * @param callback Receives whether it did.
   */
  replace(
    key: string,
    value: Given,
    options: MemjsStoring,
    callback: MemjsCallback<[boolean]>,
  ): void;
  replace(key: string, value: Given, ...rest: readonly unknown[]): Promise<boolean> | void {
    return this.#store(
      "replace",
      key,
      value,
      rest,
      (client, item, expires) => client.replace(key, item, expires),
    );
  }

  /**
   * Deletes a key.
   *
   * @param key The key.
   * @returns Whether it existed.
   */
  delete(key: string): Promise<boolean>;
  /**
   * Deletes a key.
   *
   * @param key The key.
   * @param callback Receives whether it existed.
   */
  delete(key: string, callback: MemjsCallback<[boolean]>): void;
  delete(key: string, callback?: MemjsCallback<[boolean]>): Promise<boolean> | void {
    return this.#one(
      key,
      (leave) => this.#repeat({ name: "DELETE", key, leave }, (client) => client.delete(key)),
      callback,
    );
  }

  /**
   * Adds to a number. A key that does not exist becomes `initial`.
   *
   * @param key The key.
   * @param amount What is added, an integer from 0 on.
   * @param options `initial`, 0 by default, and `expires`, for a key that does not exist.
   * @returns The new number.
   */
  increment(key: string, amount: number, options?: MemjsCounting): Promise<MemjsCounter>;
  /**
   * Adds to a number.
   *
   * @param callback Receives `true` and the new number.
   */
  increment(
    key: string,
    amount: number,
    callback: MemjsCallback<[boolean, number]>,
    expires?: number,
    initial?: number,
  ): void;
  /**
   * Adds to a number.
   *
   * @param callback Receives `true` and the new number.
   */
  increment(
    key: string,
    amount: number,
    options: MemjsCounting,
    callback: MemjsCallback<[boolean, number]>,
  ): void;
  increment(
    key: string,
    amount: number,
    ...rest: readonly unknown[]
  ): Promise<MemjsCounter> | void {
    return this.#count("incr", key, amount, rest);
  }

  /**
   * Subtracts from a number, down to 0.
   *
   * @param options As for `increment`.
   * @returns The new number.
   */
  decrement(key: string, amount: number, options?: MemjsCounting): Promise<MemjsCounter>;
  /**
   * Subtracts from a number, down to 0.
   *
   * @param callback Receives `true` and the new number.
   */
  decrement(
    key: string,
    amount: number,
    callback: MemjsCallback<[boolean, number]>,
    expires?: number,
    initial?: number,
  ): void;
  /**
   * Subtracts from a number, down to 0.
   *
   * @param callback Receives `true` and the new number.
   */
  decrement(
    key: string,
    amount: number,
    options: MemjsCounting,
    callback: MemjsCallback<[boolean, number]>,
  ): void;
  decrement(
    key: string,
    amount: number,
    ...rest: readonly unknown[]
  ): Promise<MemjsCounter> | void {
    return this.#count("decr", key, amount, rest);
  }

  /**
   * Appends to a value.
   *
   * @param key The key.
   * @param value The value.
   * @returns Whether the key exists.
   */
  append(key: string, value: Given): Promise<boolean>;
  /**
   * Appends to a value.
   *
   * @param callback Receives whether the key exists.
   */
  append(key: string, value: Given, callback: MemjsCallback<[boolean]>): void;
  append(
    key: string,
    value: Given,
    callback?: MemjsCallback<[boolean]>,
  ): Promise<boolean> | void {
    return this.#join("append", key, value, callback);
  }

  /**
   * Prepends to a value.
   *
   * @param key The key.
   * @param value The value.
   * @returns Whether the key exists.
   */
  prepend(key: string, value: Given): Promise<boolean>;
  /**
   * Prepends to a value.
   *
   * @param callback Receives whether the key exists.
   */
  prepend(key: string, value: Given, callback: MemjsCallback<[boolean]>): void;
  prepend(
    key: string,
    value: Given,
    callback?: MemjsCallback<[boolean]>,
  ): Promise<boolean> | void {
    return this.#join("prepend", key, value, callback);
  }

  /**
   * Sets when a key expires.
   *
   * @param key The key.
   * @param expires In seconds; by default what the client's option `expires` says.
   * @returns Whether the key exists.
   */
  touch(key: string, expires?: number): Promise<boolean>;
  /**
   * Sets when a key expires, as the client's option `expires` says.
   *
   * @param callback Receives whether the key exists.
   */
  touch(key: string, callback: MemjsCallback<[boolean]>): void;
  /**
   * Sets when a key expires.
   *
   * @param callback Receives whether the key exists.
   */
  touch(key: string, expires: number, callback: MemjsCallback<[boolean]>): void;
  touch(
    key: string,
    given?: number | MemjsCallback<[boolean]>,
    last?: MemjsCallback<[boolean]>,
  ): Promise<boolean> | void {
    const [expires, callback] = typeof given === "function" ? [0, given] : [given, last];
    const touched = async (leave: Leave) => {
      const exptime = this.#exptimeFrom(expires);
      return await this.#repeat(
        { name: "TOUCH", key, leave },
        (client) => client.touch(key, exptime),
      );
    };
    return this.#one(key, touched, callback);
  }

  /**
   * Empties all servers.
   *
   * @returns `true` for each server, by `host:port`.
   * @throws The error of the last server that failed.
   */
  flush(): Promise<Record<string, boolean>>;
  /**
   * Empties all servers.
   *
   * @param callback Receives the last error, and `true` or an error for each server.
   */
  flush(callback: (error: Error | null, results: Record<string, boolean | Error>) => void): void;
  flush(
    callback?: (error: Error | null, results: Record<string, boolean | Error>) => void,
  ): Promise<Record<string, boolean>> | void {
    if (callback !== undefined) checkFunction("callback", callback);
    const flushed = this.#onEach((client) => client.flushAll().then(() => []));
    const results = (all: readonly PerServer<unknown>[]) =>
      Object.fromEntries(all.map(({ server, error }) => [server, error ?? true as const]));
    const lastError = (all: readonly PerServer<unknown>[]) =>
      all.findLast(({ error }) => error !== null)?.error ?? null;
    if (callback === undefined) {
      return flushed.then((all) => {
        const error = lastError(all);
        if (error !== null) throw error;
        return results(all) as Record<string, boolean>;
      });
    }
    flushed.then((all) => callBack(() => callback(lastError(all), results(all))));
  }

  /**
   * Reads the statistics of each server.
   *
   * @param callback Called once for each, with its name and its statistics.
   */
  stats(
    callback?: (error: Error | null, server: string, stats: Record<string, string> | null) => void,
  ): void {
    this.statsWithKey("", callback);
  }

  /**
   * Reads statistics of one kind.
   *
   * @param key The kind, `"items"` for example.
   * @param callback As for `stats`.
   */
  statsWithKey(
    key: string,
    callback?: (error: Error | null, server: string, stats: Record<string, string> | null) => void,
  ): void {
    if (callback !== undefined) checkFunction("callback", callback);
    this.#onEach((client) => client.stats(key)).then((all) => {
      for (const { server, error, result = null } of all) {
        callBack(() => callback?.(error, server, result));
      }
    });
  }

  /**
   * Sets the statistics of each server to 0.
   *
   * @param callback Called once for each, with its name.
   */
  resetStats(
    callback?: (error: Error | null, server: string, stats: Record<string, string> | null) => void,
  ): void {
    this.statsWithKey("reset", callback);
  }

  /** Adds 1 to {@linkcode Client.seq}, which has 32 bits. */
  incrSeq(): void {
    this.seq = (this.seq + 1) >>> 0;
  }

  /**
   * Sends a request of the binary protocol, made with `Utils.makeRequestBuffer`, in the text protocol. It can be a get,
   * getk, set, add, replace, delete, increment, decrement, append, prepend, touch or gat, and not a quiet one.
   *
   * @param key The key of the request.
   * @param request The request, as it is now.
   * @param _seq Its number, which memjs finds the callback by.
   * @param callback Receives the response, as `Utils.parseMessage` returns it. A refusal by memcached is a response too,
   * with a `status`.
   * @param retries How often it is sent at most; by default what the client's option `retries` says.
   */
  perform(
    key: string,
    request: Uint8Array,
    _seq: number,
    // deno-lint-ignore no-explicit-any -- as in memjs's types
    callback?: (error: Error | null, response: any) => void,
    retries?: number,
  ): void {
    const asked = doneNow(() => readRequest(key, request));
    const performed = async (leave: Leave) => {
      const { isRepeatable, send } = asked();
      if (!isRepeatable) return await this.#once("PERFORM", send);
      const repeated = { name: "PERFORM", key, leave, attempts: retries || undefined };
      return await this.#repeat(repeated, send);
    };
    this.#one(key, performed, callback ?? (() => {}));
  }

  /** Closes the connections, as `close` does. */
  quit(): void {
    this.close();
  }

  /** Closes the connections when the operations that are under way have ended. Later ones open others. */
  close(): void {
    this.#client.close();
  }

  readonly #locator: LocatorFactory = (servers) => ({
    locate: (key) => servers.length === 1 ? 0 : this.getServer(key),
    locateUp: (key, isUp) => {
      const first = servers.length === 1 ? 0 : this.getServer(key);
      for (let i = 0; i < servers.length; i++) {
        const index = (first + i) % servers.length;
        if (isUp(index)) return index;
      }
      return -1;
    },
  });

  #read(key: string, { flags, data }: EncodedValue): MemjsItem<Read> {
    const extras = toBuffer(new Uint8Array(4));
    viewOf(extras).setUint32(0, flags);
    const value = toBuffer(data);
    const { serializer } = this.#settings;
    if (serializer === undefined) return { value: value as Read, flags: extras };
    const read = serializer.deserialize(OPCODES.get, value, extras);
    // A value alone, or a promise, would be read as no value.
    if ("value" in Object(read)) return { value: read.value as Read, flags: read.extras };
    const why = "the serializer returned no object with value and extras";
    throw new ClientException(`Cannot get value of key ${JSON.stringify(key)}: ${why}`, read);
  }

  #store(
    name: "set" | "add" | "replace",
    key: string,
    value: unknown,
    rest: readonly unknown[],
    send: (client: MoecacheClient, item: EncodedValue, expires: number) => Promise<boolean>,
  ): Promise<boolean> | void {
    const { options, callback } = argumentsOf<MemjsStoring, [boolean]>(rest);
    const written = doneNow(() => {
      checkOptions(options, STORING_TYPES);
      const expires = this.#exptimeFrom(options.expires);
      return this.#write(OPCODES[name], value, expires);
    });
    const stored = async (client: MoecacheClient) => {
      const [item, exptime] = written();
      return await send(client, item, exptime);
    };
    const request = (leave: Leave) => {
      return name === "set"
        ? this.#repeat({ name: "SET", key, leave }, stored)
        : this.#once(name.toUpperCase(), stored);
    };
    return this.#one(key, request, callback);
  }

  #write(opcode: number, value: unknown, expires: number): [EncodedValue, number] {
    const { serializer } = this.#settings;
    if (serializer === undefined) return [{ flags: 0, data: bytesOf(value) }, expires];
    const before = toBuffer(new Uint8Array(8));
    viewOf(before).setUint32(4, expires);
    const { value: data, extras } = Object(serializer.serialize(opcode, value, before));
    if (!(extras instanceof Uint8Array) || extras.byteLength !== 8) {
      const why = "the serializer returned extras that are not 8 bytes";
      throw new ValidationException(`Cannot store value: ${why}`, extras);
    }
    const view = viewOf(extras);
    return [{ flags: view.getUint32(0), data: bytesOf(data) }, view.getUint32(4)];
  }

  #join(
    name: "append" | "prepend",
    key: string,
    value: unknown,
    callback: MemjsCallback<[boolean]> | undefined,
  ): Promise<boolean> | void {
    const { serializer } = this.#settings;
    const written = doneNow(() => {
      const written = serializer?.serialize(OPCODES[name], value, "" as unknown as NodeBuffer);
      return bytesOf(Object(written).value ?? value);
    });
    const join = async (client: MoecacheClient) => await client[name](key, written());
    return this.#one(key, () => this.#once(name.toUpperCase(), join), callback);
  }

  #count(
    name: "incr" | "decr",
    key: string,
    amount: number,
    rest: readonly unknown[],
  ): Promise<MemjsCounter> | void {
    const { options, callback } = argumentsOf<MemjsCounting, [boolean, number]>(rest);
    const count = async (client: MoecacheClient): Promise<MemjsCounter> => {
      checkOptions(options, COUNTING_TYPES);
      const value = await client[name](key, whole("amount", amount), {
        initial: whole("initial", options.initial ?? 0),
        exptime: this.#exptimeFrom(options.expires),
      });
      return { success: true, value: Number(value) };
    };
    const counted = () => this.#once(`${name.toUpperCase()}EMENT`, count);
    return this.#answer(
      key,
      counted,
      callback,
      ({ success, value }) => callback?.(null, success, value),
    );
  }

  #one<Result>(
    key: string,
    send: (leave: Leave) => Promise<Result>,
    callback: MemjsCallback<[Result]> | undefined,
  ): Promise<Result> | void {
    return this.#answer(key, send, callback, (value) => callback?.(null, value));
  }

  /** Sends, and returns the promise or calls back when it has settled. */
  #answer<Result>(
    key: string,
    send: (leave: Leave) => Promise<Result>,
    callback: ((error: Error, ...results: never[]) => void) | undefined,
    succeed: (value: Result) => void,
  ): Promise<Result> | void {
    if (callback !== undefined) checkFunction("callback", callback);
    const outcome = this.#turnsOf(key).take(send);
    if (callback === undefined) return outcome;
    const fail = callback as (error: Error, ...nothing: null[]) => void;
    outcome.then(
      (value) => callBack(() => succeed(value)),
      (error) => callBack(() => fail(error, null, null)),
    );
  }

  #turnsOf(key: string): Turns {
    const isOne = this.#turns.length === 1 || typeof key !== "string";
    try {
      return this.#turns[isOne ? 0 : this.getServer(key)] ?? new Turns();
    } catch {
      // That of the program may throw: sending asks it again, and the call fails.
      return new Turns();
    }
  }

  /** Takes 0 for the default, as memjs does; but not NaN, the result of a calculation that went wrong. */
  #exptimeFrom(given: number | undefined): number {
    const expires = Number.isNaN(given) ? given : given || this.#settings.expires;
    return whole("expires", expires as number, LATEST);
  }

  /** Sends what may be sent again when its server fails: it has the same effect twice as once. */
  #repeat<Result>(repeated: Repeated, send: Send<Result>): Promise<Result> {
    return this.#client.use((client) => this.#tryAll(client, repeated, send));
  }

  /** Sends what may not be sent again. */
  #once<Result>(name: string, send: Send<Result>): Promise<Result> {
    return this.#client.use((client) => this.#try(client, name, send));
  }

  async #tryAll<Result>(
    client: MoecacheClient,
    { name, key, leave, attempts = this.#settings.attempts }: Repeated,
    send: Send<Result>,
  ): Promise<Result> {
    const { delay, failover, logger, clientOptions } = this.#settings;
    const most = failover ? attempts * this.servers.length : attempts;
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#try(client, name, send);
      } catch (error) {
        if (!(error instanceof SocketError)) throw error;
        if (attempt % attempts === 0) {
          const tried = `failed after (${attempts}) retries with error - ${error.message}`;
          logger.log(`MemJS: Server <${error.server ?? client.locate(key).server}> ${tried}`);
        }
        if (attempt >= most) throw error;
      }
      leave();
      const { clock = systemClock } = clientOptions;
      await new Promise<void>((resolve) => keepingProcess(clock).after(delay, resolve));
    }
  }

  /** Sends once, and reports a refusal of memcached as memjs does. */
  async #try<Result>(client: MoecacheClient, name: string, send: Send<Result>): Promise<Result> {
    try {
      return await send(client);
    } catch (cause) {
      const { error, text } = refusalOf(cause);
      const message = `MemJS ${name}: ${text}`;
      this.#settings.logger.log(message);
      throw new ClientException(message, error.item, { cause });
    }
  }

  /** Resolves to the outcome on each server. */
  #onEach<Result>(send: Send<readonly Result[]>): Promise<readonly PerServer<Result>[]> {
    return this.#client.use(async (client) => {
      const names = client.servers.map(({ name }) => name);
      const outcome = (i: number): string => `${this.servers[i]?.host}:${this.servers[i]?.port}`;
      try {
        const results = await send(client);
        return names.map((_, i) => ({ server: outcome(i), error: null, result: results[i] }));
      } catch (error) {
        const { failures, results } = error as Partial<PartialFailure>;
        return names.map((name, i) => {
          const failure = failures === undefined ? error : failures.get(name);
          const server = outcome(i);
          if (failure !== undefined) return { server, error: failure as Error };
          return { server, error: null, result: results?.get(name) as Result };
        });
      }
    });
  }
}

/** What memjs has without the option `serializer`. */
const NO_SERIALIZER: MemjsSerializer<MemjsValue, NodeBuffer | null> = {
  serialize: (_opcode, value, extras) => ({ value, extras }),
  deserialize: (_opcode, value, extras) => ({ value, extras }),
};

/** Lets the calls that came later be answered first. */
type Leave = () => void;

/** What is sent again when its server fails. */
interface Repeated {
  readonly name: string;
  readonly key: string;
  readonly leave: Leave;
  /** How often it is sent at most; by default what the option `retries` says. */
  readonly attempts?: number | undefined;
}

/** Sends an operation with a client. */
type Send<Result> = (client: MoecacheClient) => Promise<Result>;

/** The outcome of an operation on one server. */
interface PerServer<Result> {
  readonly server: string;
  readonly error: Error | null;
  readonly result?: Result | undefined;
}

/** Options and a callback, in memjs's order or in its former one: callback, expires, initial. */
function argumentsOf<Options extends object, Results extends readonly unknown[]>(
  [first, second, initial]: readonly unknown[],
): { readonly options: Options; readonly callback: MemjsCallback<Results> | undefined } {
  if (typeof first === "function") {
    const given = initial === undefined ? { expires: second } : { expires: second, initial };
    const options = given as unknown as Options;
    return { options, callback: first as MemjsCallback<Results> };
  }
  const callback = second as MemjsCallback<Results> | undefined;
  return { options: (first ?? {}) as Options, callback };
}

function bytesOf(value: unknown): Uint8Array {
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) {
    return new Uint8Array(value).slice();
  }
  const why = "it must be a string or bytes, as for memjs without a serializer";
  throw new ValidationException(`Cannot store value: ${why}`, value);
}
