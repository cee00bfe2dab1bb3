/** The commands that store items. @module */

import type { OperationOptions } from "./client_options.ts";
import { quote, ValidationException } from "./errors.ts";
import { readEntries, runMany } from "./many.ts";
import type { Answers } from "./protocol/commands/answer.ts";
import {
  CAS_ANSWERS,
  type CasOutcome,
  SET_ANSWERS,
  StorageCommand,
  type StorageVerb,
  STORED_ANSWERS,
} from "./protocol/commands/storage.ts";
import { checkExptime, type Exptime } from "./protocol/exptime.ts";
import { checkKey, checkKeys } from "./protocol/key.ts";
import { ReadingCommands } from "./reading_commands.ts";
import type { Session } from "./session.ts";
import { ownData, type SendableItem } from "./transcoding/item_codec.ts";

/** What a storage command needs besides the value. */
interface Storing<Result> {
  readonly verb: StorageVerb;
  readonly answers: Answers<Result>;
  readonly key: string;
  readonly exptime: Exptime | undefined;
  readonly cas?: bigint | undefined;
}

/** The part of a `Client` that stores items. */
export class StoringCommands extends ReadingCommands {
  readonly #session: Session;

  /** @internal */
  constructor(session: Session) {
    super(session);
    this.#session = session;
  }

  /**
   * Sets a key to a value, whether it exists or not.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param value What the transcoder can represent; see {@linkcode moecacheTranscoder} for the default.
   * @param exptime Seconds until it expires, 0 for never, which it is unless given; above 30 days an
   * absolute Unix time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns A promise that resolves when memcached has stored the value.
   * @throws {ValidationException} When the key, the value or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered;
   * the value may have been stored then.
   *
   * @example A value that expires in a minute
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("user:1", { name: "Ada", born: 1815 }, 60);
   * assertEquals(await client.get("user:1"), { name: "Ada", born: 1815 });
   * ```
   */
  set(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    return this.#store({ verb: "set", answers: SET_ANSWERS, key, exptime }, value, options);
  }

  /**
   * Sets many keys: one write for each server.
   *
   * @param entries The values by key: a record, a `Map`, or pairs, of which the last counts.
   * @param exptime Seconds until it expires, 0 for never, which it is unless given; above 30 days an
   * absolute Unix time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns A promise that resolves when memcached has stored all the values.
   * @throws {ValidationException} When a key, a value or the exptime is invalid.
   * @throws {PartialClientException} When memcached refuses some; the others have been stored.
   * @throws {PartialSocketError} When a server cannot be reached; what is in its `results` has been
   * stored.
   *
   * @example Two at once
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.setMany({ a: 1, b: 2 }, 60);
   * await client.setMany(new Map([["c", 3]]));
   * assertEquals((await client.getMany(["a", "b", "c"])).size, 3);
   * ```
   */
  async setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    const values = readEntries(entries);
    checkKeys(values.keys(), "set");
    const seconds = checkExptime(exptime);
    const items = await this.#writeItems(values);
    await runMany<boolean>("set", new Set(items.keys()), (key, resolve, reject) => {
      const item = { ...items.get(key)!, exptime: seconds };
      const stored = () => resolve(true);
      const command = new StorageCommand("set", key, item, SET_ANSWERS, stored, reject);
      this.#session.submitChange(key, command, options);
    }, options?.signal);
  }

  /**
   * Sets a key to a value if it does not exist.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param value What the transcoder can represent; see {@linkcode moecacheTranscoder} for the default.
   * @param exptime Seconds until it expires, 0 for never, which it is unless given; above 30 days an
   * absolute Unix time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns Whether it was stored; `false` when the key exists.
   * @throws {ValidationException} When the key, the value or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered;
   * the value may have been stored then.
   *
   * @example The first one wins
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * assertEquals(await client.add("key", "first"), true);
   * assertEquals(await client.add("key", "second"), false);
   * ```
   */
  add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return this.#store({ verb: "add", answers: STORED_ANSWERS, key, exptime }, value, options);
  }

  /**
   * Sets a key to a value if it exists; a lease of `getOrSet`, which is an item too, gives way to the value.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param value What the transcoder can represent; see {@linkcode moecacheTranscoder} for the default.
   * @param exptime Seconds until it expires, 0 for never, which it is unless given; above 30 days an
   * absolute Unix time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns Whether it was stored; `false` when the key does not exist.
   * @throws {ValidationException} When the key, the value or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered;
   * the value may have been stored then.
   *
   * @example Only what is there
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * assertEquals(await client.replace("key", "value"), false);
   * await client.set("key", "old");
   * assertEquals(await client.replace("key", "new"), true);
   * ```
   */
  replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return this.#store({ verb: "replace", answers: STORED_ANSWERS, key, exptime }, value, options);
  }

  /**
   * Puts text or bytes behind those of an item, whose flags and exptime stay. The transcoder has no
   * part in it: with {@linkcode moecacheTranscoder} a string stays a string, and a pickle, which is any
   * other value, becomes unreadable. What is added to a lease of `getOrSet`, which is an item too, is lost.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param data Text, which goes as UTF-8, or bytes.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws {ValidationException} When the key or the data is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered;
   * it may have been done then.
   *
   * @example A growing string
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("log", "a");
   * assertEquals(await client.append("log", "b"), true);
   * assertEquals(await client.get("log"), "ab");
   * ```
   */
  append(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean> {
    return this.#extend("append", key, data, options);
  }

  /**
   * Puts text or bytes before those of an item, whose flags and exptime stay. The transcoder has no
   * part in it: with {@linkcode moecacheTranscoder} a string stays a string, and a pickle, which is any
   * other value, becomes unreadable. What is added to a lease of `getOrSet`, which is an item too, is lost.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param data Text, which goes as UTF-8, or bytes.
   * @param options `signal`.
   * @returns Whether the key existed.
   * @throws {ValidationException} When the key or the data is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered;
   * it may have been done then.
   *
   * @example A growing string
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("log", "b");
   * assertEquals(await client.prepend("log", "a"), true);
   * assertEquals(await client.get("log"), "ab");
   * ```
   */
  prepend(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean> {
    return this.#extend("prepend", key, data, options);
  }

  /**
   * Sets a key to a value if nobody has changed it since {@linkcode gets} read it.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param value What the transcoder can represent; see {@linkcode moecacheTranscoder} for the default.
   * @param cas The cas unique that `gets` gave, 0 to 2^64 - 1.
   * @param exptime Seconds until it expires, 0 for never, which it is unless given; above 30 days an
   * absolute Unix time, up to 2,147,483,647. A `Date` is an absolute time.
   * @param options `signal`.
   * @returns `"stored"`; `"exists"` when it has been changed; `"not_found"` when the key does not exist.
   * @throws {ValidationException} When the key, the value, the cas unique or the exptime is invalid.
   * @throws {ClientException} When memcached refuses, a value larger than its limit for instance.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered;
   * the value may have been stored then.
   *
   * @example Losing a race
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("key", 1);
   * const { cas } = (await client.gets("key"))!;
   * await client.set("key", 2);
   * assertEquals(await client.cas("key", 3, cas), "exists");
   * ```
   */
  cas(
    key: string,
    value: unknown,
    cas: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    return this.#store({ verb: "cas", answers: CAS_ANSWERS, key, exptime, cas }, value, options);
  }

  #store<Result>(
    { verb, answers, key, exptime, cas }: Storing<Result>,
    value: unknown,
    options: OperationOptions | undefined,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      checkKey(key, verb);
      const seconds = checkExptime(exptime);
      if (verb === "cas") checkCas(cas);
      const item = this.#session.writeItem(value, key);
      const send = ({ flags, data }: SendableItem) => {
        const stored = { flags, exptime: seconds, data, cas };
        const command = new StorageCommand(verb, key, stored, answers, resolve, reject);
        this.#session.submitChange(key, command, options);
      };
      if (item instanceof Promise) item.then(send).catch(reject);
      else send(item);
    });
  }

  #extend(
    verb: "append" | "prepend",
    key: string,
    data: string | Uint8Array,
    options: OperationOptions | undefined,
  ): Promise<boolean> {
    return new Promise((resolve, reject) => {
      checkKey(key, verb);
      const item = { flags: 0, exptime: 0, data: ownData(data, `${verb} data to key "${key}"`) };
      const command = new StorageCommand(verb, key, item, STORED_ANSWERS, resolve, reject);
      this.#session.submitChange(key, command, options);
    });
  }

  async #writeItems(values: Map<string, unknown>): Promise<Map<string, SendableItem>> {
    const items = new Map<string, SendableItem>();
    for (const [key, value] of values) {
      const item = this.#session.writeItem(value, key);
      items.set(key, item instanceof Promise ? await item : item);
    }
    return items;
  }
}

const LARGEST_CAS = 2n ** 64n - 1n;

function checkCas(cas: unknown): void {
  if (typeof cas === "bigint" && cas >= 0n && cas <= LARGEST_CAS) return;
  const shown = typeof cas === "bigint" ? `${cas}` : quote(cas);
  throw new ValidationException(
    `Cannot use cas unique ${shown}: it must be a bigint from 0 to ${LARGEST_CAS}`,
    cas,
  );
}
