/** The client with its basic commands. @module */

import type { ClientMetrics } from "./channel_contexts.ts";
import { type BareClientOptions, resolveOptions } from "./client_options.ts";
import type { BareKeyCommands } from "./commands/bare_key_commands.ts";
import type { CounterOptions, OperationOptions } from "./commands/operation_options.ts";
import { Session, setSession } from "./commands/session.ts";
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
import { SocketError } from "./errors.ts";
import { Fleet } from "./fleet/fleet.ts";
import type { ServerControl } from "./fleet/server_control.ts";
import type { ServerEvent } from "./fleet/server_event.ts";
import type { ServerStatus } from "./fleet/status.ts";
import type { CasOutcome } from "./protocol/commands/storage.ts";
import type { Exptime } from "./protocol/exptime.ts";
import type { ServerAddress } from "./server_address.ts";
import { lazily } from "./waiting.ts";

/** Imported here, because what is loaded already may not import what is loaded on demand. */
const loadEncodedInTime = /* @__PURE__ */ lazily(async () => {
  return (await import("./commands/bounded_work.ts")).encodedInTime;
});

/**
 * A small memcached client, for programs whose bundle size matters. It has the commands of {@linkcode BareKeyCommands},
 * and no other features of {@linkcode Client}. Its transcoder is required, so that a bundler can omit the default
 * transcoder and its pickles.
 *
 * @example A client for JSON, without code for pickles
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
export class BareClient extends EventTarget
  implements BareKeyCommands, ServerControl, AsyncDisposable {
  readonly #fleet: Fleet;
  readonly #session: Session;
  readonly #ending = new AbortController();

  /**
   * Makes a client. No socket is opened before the first operation needs one.
   *
   * @param servers One server or a list. The order matters only if two servers share a point of the ring, and for
   * locators that say so. With the option `discovery` the list may be empty.
   * @param options The options of the client; `transcoder` is required.
   * @throws {ValidationException} When an address or an option is invalid.
   */
  constructor(servers: ServerAddress | readonly ServerAddress[], options: BareClientOptions) {
    super();
    const resolved = resolveOptions(options);
    this.#fleet = new Fleet(servers, resolved, (event) => this.dispatchEvent(event));
    this.#session = new Session({
      route: this.#fleet,
      transcoder: resolved.transcoder,
      settings: resolved,
      loadEncodedInTime,
      ending: this.#ending.signal,
    });
    for (const name of ["Deno.customInspect", "nodejs.util.inspect.custom"]) {
      Object.defineProperty(this, Symbol.for(name), { value: () => this.#describe() });
    }
    setSession(this, this.#session);
  }

  get<Value = unknown>(key: string, options?: OperationOptions): Promise<Value | undefined> {
    return get(this.#session, key, options);
  }

  getMany<Value = unknown>(
    keys: Iterable<string>,
    options?: OperationOptions,
  ): Promise<Map<string, Value>> {
    return getMany(this.#session, keys, options);
  }

  gets<Value = unknown>(
    key: string,
    options?: OperationOptions,
  ): Promise<{ value: Value; cas: bigint } | undefined> {
    return gets(this.#session, key, options);
  }

  getAndTouch<Value = unknown>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined> {
    return getAndTouch(this.#session, key, exptime, options);
  }

  set(key: string, value: unknown, exptime?: Exptime, options?: OperationOptions): Promise<void> {
    return set(this.#session, key, value, exptime, options);
  }

  setMany(
    entries: Iterable<readonly [key: string, value: unknown]> | Readonly<Record<string, unknown>>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    return setMany(this.#session, entries, exptime, options);
  }

  add(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return add(this.#session, key, value, exptime, options);
  }

  replace(
    key: string,
    value: unknown,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    return replace(this.#session, key, value, exptime, options);
  }

  append(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean> {
    return append(this.#session, key, data, options);
  }

  prepend(key: string, data: string | Uint8Array, options?: OperationOptions): Promise<boolean> {
    return prepend(this.#session, key, data, options);
  }

  cas(
    key: string,
    value: unknown,
    unique: bigint,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<CasOutcome> {
    return cas(this.#session, key, value, unique, exptime, options);
  }

  incr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return incr(this.#session, key, delta, options);
  }

  decr(
    key: string,
    delta?: bigint | number,
    options?: CounterOptions,
  ): Promise<bigint | undefined> {
    return decr(this.#session, key, delta, options);
  }

  touch(key: string, exptime: Exptime, options?: OperationOptions): Promise<boolean> {
    return touch(this.#session, key, exptime, options);
  }

  delete(key: string, options?: OperationOptions): Promise<boolean> {
    return deleteKey(this.#session, key, options);
  }

  deleteMany(keys: Iterable<string>, options?: OperationOptions): Promise<Map<string, boolean>> {
    return deleteMany(this.#session, keys, options);
  }

  get servers(): readonly ServerStatus[] {
    return this.#fleet.status();
  }

  metrics(): ClientMetrics {
    return this.#fleet.metrics();
  }

  setServers(servers: ServerAddress | readonly ServerAddress[]): Promise<void> {
    return this.#fleet.setServers(servers);
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

  close(): Promise<void> {
    const closed = new SocketError("Cannot use any server: the client is closed");
    this.#ending.abort(closed);
    const end = () => this.#fleet.close(closed);
    return this.#session.farewell?.then(end) ?? end();
  }

  /** Closes the client: `await using client = new Client(…)`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The text that `console.log` prints. */
  #describe(): string {
    const servers = this.servers.map(({ name, state }) => `${name} ${state}`).join(", ");
    return `${this.constructor.name} { ${servers} }`;
  }
}
