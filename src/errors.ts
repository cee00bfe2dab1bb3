/**
 * The error family. Python moecache's split is kept: what memcached or the caller did wrong is a
 * {@linkcode ClientException}, what the network did wrong is a {@linkcode SocketError}, and neither
 * is a subclass of the other.
 *
 * @module
 */

/**
 * Something memcached said that was not expected, or a deployment that does not fit this client: a
 * refusal (`ERROR`, `CLIENT_ERROR`, `SERVER_ERROR`), or a value that another program wrote in a
 * format the transcoder does not read. The connection stays usable after it.
 *
 * @example Telling a refusal from a network fault
 * ```ts
 * import { Client, ClientException } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const error = await assertRejects(() => client.stats("nonsense"), ClientException);
 * assertEquals(error.item, "ERROR");
 * ```
 */
export class ClientException extends Error {
  /** The name of the class, for logs and for errors that crossed a realm. */
  override readonly name: string = "ClientException";
  /** What was unexpected: the server's line, or the item, argument or value at fault. */
  readonly item: unknown;

  /**
   * Makes the error.
   *
   * @param message What could not be done, and why.
   * @param item What was unexpected.
   * @param options `cause`, the error behind this one, where there is one.
   */
  constructor(message: string, item?: unknown, options?: ErrorOptions) {
    super(message, options);
    this.item = item;
  }
}

/**
 * The caller's input is invalid: a key, an exptime, a value or an option. Thrown (as a rejection,
 * where a promise is returned) before any byte is sent.
 *
 * @example A key with a space in it
 * ```ts
 * import { Client, ValidationException } from "@moecache/moecache";
 * import { assertRejects } from "@std/assert";
 *
 * await using client = new Client("127.0.0.1:11211");
 *
 * await assertRejects(() => client.get("a b"), ValidationException, "whitespace");
 * ```
 */
export class ValidationException extends ClientException {
  /** The name of the class, for logs and for errors that crossed a realm. */
  override readonly name: string = "ValidationException";
}

/** What {@linkcode SocketError} takes besides its message. */
export interface SocketErrorOptions extends ErrorOptions {
  /** Name of the server, `host:port` as the user gave it. */
  server?: string;
}

/**
 * The network, or the server's end of it, failed: refused, unreachable, unresolvable, reset, closed,
 * or a reply that is not memcached's protocol. `cause` holds the runtime's own error where there is
 * one. Not a {@linkcode ClientException}, as Python's socket errors are not.
 *
 * Its stack leads to the code that awaits the operation, as that of a refusal does, though the fault shows
 * later and elsewhere. Of operations that fail together, the first hundred are told apart in this way. Bun shows
 * such callers for operations on many keys only: there, catch the error where the operation is awaited and throw
 * one of your own, with this one as its `cause`.
 *
 * @example A server that is not there
 * ```ts
 * import { Client, SocketError } from "@moecache/moecache";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await using client = new Client("127.0.0.1:1");
 *
 * const error = await assertRejects(() => client.get("key"), SocketError);
 * assertEquals(error.server, "127.0.0.1:1");
 * ```
 */
export class SocketError extends Error {
  /** The name of the class, for logs and for errors that crossed a realm. */
  override readonly name: string = "SocketError";
  /** Name of the server, `host:port` as the user gave it. */
  readonly server: string | undefined;

  /**
   * Makes the error.
   *
   * @param message What could not be done, and why.
   * @param options `server` and `cause`.
   */
  constructor(message: string, options: SocketErrorOptions = {}) {
    super(message, options);
    this.server = options.server;
  }
}

/**
 * Connecting outlived `connectTimeout`, an operation outlived `timeout`, or a server has sent nothing for
 * `stallTimeout`.
 *
 * @example A server that accepts and never answers
 * ```ts
 * import { Client, TimeoutError } from "@moecache/moecache";
 * import { assertRejects } from "@std/assert";
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * await using client = new Client(["127.0.0.1", listener.addr.port], { timeout: 20 });
 *
 * await assertRejects(() => client.get("key"), TimeoutError);
 * ```
 */
export class TimeoutError extends SocketError {
  /** The name of the class, for logs and for errors that crossed a realm. */
  override readonly name: string = "TimeoutError";
}

/** What an operation on many keys, or on every server, carries when it failed for some of them. */
export interface PartialFailure {
  /** Why each key failed, or each server by its name. */
  readonly failures: ReadonlyMap<string, unknown>;
  /** What the operation resolved to for the other keys or servers. */
  readonly results: ReadonlyMap<string, unknown>;
}

/**
 * An operation on many keys, or on every server, failed for some of them, by memcached's refusal or a value
 * that cannot be read. `item` is the list of those keys, or of those servers' names.
 *
 * @example Making do with what there is
 * ```ts
 * import { Client, type PartialFailure } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 * await client.setMany({ small: "value", large: "x".repeat(2_000_000) }).catch(
 *   (error: PartialFailure) => {
 *     assertEquals([...error.failures.keys()], ["large"]);
 *     assertEquals([...error.results.keys()], ["small"]);
 *   },
 * );
 * ```
 */
export class PartialClientException extends ClientException implements PartialFailure {
  /** The name of the class, for logs and for errors that crossed a realm. */
  override readonly name: string = "PartialClientException";
  /** Why each key failed, or each server by its name. */
  readonly failures: ReadonlyMap<string, unknown>;
  /** What the operation resolved to for the other keys or servers. */
  readonly results: ReadonlyMap<string, unknown>;

  /**
   * Makes the error.
   *
   * @param action What was asked.
   * @param partial What failed, and what did not.
   * @param unit Whether keys or servers failed.
   */
  constructor(action: string, partial: PartialFailure, unit: "keys" | "servers" = "keys") {
    super(partialMessage(action, partial, unit), [...partial.failures.keys()], firstCause(partial));
    this.failures = partial.failures;
    this.results = partial.results;
  }
}

/**
 * An operation on many keys, or on every server, failed for some of them, one at least because of the
 * network. `cause` is the first one's error.
 *
 * @example Telling which keys were out of reach
 * ```ts
 * import { Client, PartialSocketError } from "@moecache/moecache";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await using client = new Client("127.0.0.1:1");
 *
 * const error = await assertRejects(() => client.getMany(["a", "b"]), PartialSocketError);
 * assertEquals([...error.failures.keys()], ["a", "b"]);
 * ```
 */
export class PartialSocketError extends SocketError implements PartialFailure {
  /** The name of the class, for logs and for errors that crossed a realm. */
  override readonly name: string = "PartialSocketError";
  /** Why each key failed, or each server by its name. */
  readonly failures: ReadonlyMap<string, unknown>;
  /** What the operation resolved to for the other keys or servers. */
  readonly results: ReadonlyMap<string, unknown>;

  /**
   * Makes the error.
   *
   * @param action What was asked.
   * @param partial What failed, and what did not.
   * @param unit Whether keys or servers failed.
   */
  constructor(action: string, partial: PartialFailure, unit: "keys" | "servers" = "keys") {
    super(partialMessage(action, partial, unit), firstCause(partial));
    this.failures = partial.failures;
    this.results = partial.results;
  }
}

function partialMessage(
  action: string,
  { failures, results }: PartialFailure,
  unit: "keys" | "servers",
): string {
  const [[first, error]] = failures as unknown as [[string, unknown]];
  const why = messageOf(error);
  const of = failures.size + results.size;
  return `Cannot ${action} ${failures.size} of ${of} ${unit}, the first ${quote(first)}: ${why}`;
}

function firstCause({ failures }: PartialFailure): { cause: unknown } {
  const [cause] = failures.values();
  return { cause };
}

/** Makes an error of this module once more, with a stack that leads to here; any other is left as it is. */
export function madeAgain(error: unknown): unknown {
  const { constructor: Class, message, server, item, cause } = Object(error);
  const options = cause === undefined ? {} : { cause };
  if (Class === ClientException) return new ClientException(message, item, options);
  if (Class !== SocketError && Class !== TimeoutError) return error;
  return new (Class as typeof SocketError)(message, { ...options, server });
}

const LONGEST_QUOTE = 80;

/** Shows a value inside an error message: on one line, cut when it is long. */
export function quote(value: unknown): string {
  if (typeof value !== "string") return `of type ${value === null ? "null" : typeof value}`;
  const cut = value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}…` : value;
  return JSON.stringify(cut);
}

/** What an error says; anything can be thrown, even what has no text. */
export function messageOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error);
    // Node's error for several addresses that all refused has a code, and no message.
    return String(error.message || ((error as { code?: unknown }).code ?? error.name));
  } catch {
    return "what was thrown has no text";
  }
}
