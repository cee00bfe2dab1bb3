/** The commands that count. @module */

import type { CounterOptions, OperationOptions } from "./client_options.ts";
import { ClientException, quote, ValidationException } from "./errors.ts";
import { CounterCommand, type CounterRequest } from "./protocol/commands/answer.ts";
import { StorageCommand, STORED_ANSWERS, type StoredItem } from "./protocol/commands/storage.ts";
import { checkExptime } from "./protocol/exptime.ts";
import { checkKey } from "./protocol/key.ts";
import type { Session } from "./session.ts";
import { StoringCommands } from "./storing_commands.ts";

/** The part of a `Client` that counts. */
export class CountingCommands extends StoringCommands {
  readonly #session: Session;

  /** @internal */
  constructor(session: Session) {
    super(session);
    this.#session = session;
  }

  /**
   * Counts up, on the server, in 64 bits. Beyond 2^64 - 1 it starts again at 0.
   *
   * A counter is an item whose text is a decimal number: `set(key, "0")`, with the default transcoder a
   * string and not the number 0, or the `initial` of a first call, which is stored as such a string. `get`
   * reads it as a string. memcached does not shorten an item: counted down from 10, it reads `"9 "`,
   * which `Number` and `BigInt` take.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param delta By how much: 0 to 2^64 - 1, as a `bigint` or a safe integer; 1 unless given.
   * @param options `initial`, what a counter begins with that does not exist, and its `exptime`; `signal`.
   * @returns What the counter is then; `undefined` when it does not exist and there is no `initial`.
   * @throws {ValidationException} When the key, the delta, the initial value or the exptime is invalid.
   * @throws {ClientException} When the item is no counter, or memcached refuses otherwise.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered; it may
   * have been counted then. With `initial` also where the client takes what it cannot reach for a miss.
   *
   * @example A counter
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * assertEquals(await client.incr("hits"), undefined);
   * assertEquals(await client.incr("hits", 1n, { initial: 1n, exptime: 60 }), 1n);
   * assertEquals(await client.incr("hits", 5), 6n);
   * assertEquals(await client.get("hits"), "6");
   * ```
   */
  incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return this.#count("incr", key, delta ?? 1n, options ?? {});
  }

  /**
   * Counts down, on the server, in 64 bits. It stops at 0.
   *
   * A counter is an item whose text is a decimal number: `set(key, "0")`, with the default transcoder a
   * string and not the number 0, or the `initial` of a first call, which is stored as such a string. `get`
   * reads it as a string. memcached does not shorten an item: counted down from 10, it reads `"9 "`,
   * which `Number` and `BigInt` take.
   *
   * @param key 1 to 250 characters, each from `!` to `~`.
   * @param delta By how much: 0 to 2^64 - 1, as a `bigint` or a safe integer; 1 unless given.
   * @param options `initial`, what a counter begins with that does not exist, and its `exptime`; `signal`.
   * @returns What the counter is then; `undefined` when it does not exist and there is no `initial`.
   * @throws {ValidationException} When the key, the delta, the initial value or the exptime is invalid.
   * @throws {ClientException} When the item is no counter, or memcached refuses otherwise.
   * @throws {SocketError} When the server cannot be reached, or is lost before it has answered; it may
   * have been counted then. With `initial` also where the client takes what it cannot reach for a miss.
   *
   * @example A counter
   * ```ts
   * import { Client } from "@moecache/moecache";
   * import { MemcachedServer } from "@moecache/moecache/testing";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = await MemcachedServer.listen();
   * await using client = new Client(server.address);
   *
   * await client.set("stock", "10");
   * assertEquals(await client.decr("stock", 3), 7n);
   * assertEquals(await client.decr("stock", 8), 0n);
   * ```
   */
  decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return this.#count("decr", key, delta ?? 1n, options ?? {});
  }

  async #count(
    verb: "incr" | "decr",
    key: string,
    delta: bigint | number,
    options: CounterOptions,
  ): Promise<bigint | undefined> {
    checkKey(key, verb);
    const request = { verb, key, delta: checkUint64("delta", delta) };
    const { initial, exptime } = options;
    if (initial === undefined) return await this.#countOnce(request, options);
    const text = `${checkUint64("initial", initial)}`;
    const item = { flags: this.#session.textFlags, exptime: checkExptime(exptime), data: text };
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const count = await this.#countOnce(request, options);
      if (count !== undefined) return count;
      // meta arithmetic could make it at once, but under flags 0, which other clients do not read, and
      // not on older servers.
      if (await this.#addCounter(key, item, options)) return BigInt(text);
    }
    const why = `it was ${MOST_ATTEMPTS} times neither there nor missing`;
    throw new ClientException(`Cannot ${verb} key "${key}": ${why}`, key);
  }

  #countOnce(request: CounterRequest, options: CounterOptions): Promise<bigint | undefined> {
    return new Promise((resolve, reject) => {
      const command = new CounterCommand(request, resolve, reject);
      // Whoever has an initial value is promised a number.
      command.mayMiss = options.initial === undefined;
      this.#session.submitChange(request.key, command, options);
    });
  }

  #addCounter(key: string, item: StoredItem, options: OperationOptions): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const command = new StorageCommand("add", key, item, STORED_ANSWERS, resolve, reject);
      command.mayMiss = false;
      this.#session.submitChange(key, command, options);
    });
  }
}

/** A counter that others delete again and again; or a proxy that cannot reach the server. */
const MOST_ATTEMPTS = 10;
const LARGEST_UINT64 = 2n ** 64n - 1n;

function checkUint64(name: string, value: unknown): bigint {
  const isInteger = typeof value === "bigint" || Number.isSafeInteger(value);
  const integer = isInteger ? BigInt(value as bigint | number) : -1n;
  if (integer >= 0n && integer <= LARGEST_UINT64) return integer;
  throw new ValidationException(
    `Cannot use ${name} ${show(value)}: it must be an integer from 0 to 2^64 - 1`,
    value,
  );
}

function show(value: unknown): string {
  return typeof value === "bigint" || typeof value === "number" ? `${value}` : quote(value);
}
