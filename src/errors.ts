/**
 * The errors. As in Python moecache, a refusal by memcached or invalid input is a {@linkcode ClientException}, and a
 * network failure is a {@linkcode SocketError}. Neither is a subclass of the other.
 *
 * @module
 */

/**
 * memcached refused a request (`ERROR`, `CLIENT_ERROR`, `SERVER_ERROR`), or an item has a format that the transcoder
 * cannot read. The connection can still be used.
 *
 * @example Distinguishing a refusal from a network failure
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
  /** The name of the class, for logs and for errors from another realm. */
  override readonly name: string = "ClientException";
  /** The cause: the server's line, or the invalid item, argument or value. */
  readonly item: unknown;

  /**
   * Makes the error.
   *
   * @param message What failed, and why.
   * @param item The server's line, or the invalid item, argument or value.
   * @param options `cause`, the error that caused this one, if any.
   */
  constructor(message: string, item?: unknown, options?: ErrorOptions) {
    super(message, options);
    this.item = item;
  }
}

/**
 * The caller's input is invalid: a key, an exptime, a value or an option. It is thrown, or rejects the promise, before
 * any byte is sent.
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
  /** The name of the class, for logs and for errors from another realm. */
  override readonly name: string = "ValidationException";
}

/**
 * The network or the connection failed: refused, unreachable, unresolvable, reset, closed, or a reply that does not
 * follow memcached's protocol. `cause` is the runtime's error, if there is one. It is not a {@linkcode
 * ClientException}, as in Python moecache.
 *
 * Its stack includes the code that awaits the operation, also through namespaces, views, patterns and adapters. When
 * many operations fail together, this holds for the first hundred. Bun shows such callers only for operations on many
 * keys. There, catch the error where the operation is awaited, and throw your own error with this one as its `cause`.
 *
 * @example A server that cannot be reached
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
  /** The name of the class, for logs and for errors from another realm. */
  override readonly name: string = "SocketError";
  /** The name of the server, `host:port` as the user wrote it. */
  readonly server: string | undefined;
  /** The name of the client whose operation has failed: its option `clientName`. */
  client: string | undefined;

  /**
   * Makes the error.
   *
   * @param message What failed, and why.
   * @param options `server`, its name; `client`, the name of the client whose operation has failed; `cause`.
   */
  constructor(message: string, options: ErrorOptions & { server?: string; client?: string } = {}) {
    super(message, options);
    this.server = options.server;
    this.client = options.client;
  }
}

/**
 * Connecting exceeded `connectTimeout`, an operation exceeded `timeout`, or a server sent nothing for `stallTimeout`.
 *
 * @example A server that accepts connections and never replies
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
  /** The name of the class, for logs and for errors from another realm. */
  override readonly name: string = "TimeoutError";
}

/** The failures and results of an operation on many keys, or on every server, that failed for some of them. */
export interface PartialFailure {
  /** The error of each key that failed, or of each server by its name. */
  readonly failures: ReadonlyMap<string, unknown>;
  /** The results for the other keys or servers; keys that do not exist are not among them. */
  readonly results: ReadonlyMap<string, unknown>;
  /** How many keys or servers the operation was for; by default those of `failures` and `results`. */
  readonly count?: number;
}

/**
 * An operation on many keys, or on every server, failed for some of them: memcached refused, or a value cannot be read.
 * `item` is the list of those keys, or of the names of those servers.
 *
 * @example Using the results that there are
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
  /** The name of the class, for logs and for errors from another realm. */
  override readonly name: string = "PartialClientException";
  /** The error of each key that failed, or of each server by its name. */
  readonly failures: ReadonlyMap<string, unknown>;
  /** The results for the other keys or servers. */
  readonly results: ReadonlyMap<string, unknown>;

  /**
   * Makes the error.
   *
   * @param action The operation.
   * @param partial The failures and the results.
   * @param unit Whether keys or servers failed.
   */
  constructor(action: string, partial: PartialFailure, unit: "keys" | "servers" = "keys") {
    const [cause] = partial.failures.values();
    super(partialMessage(action, partial, unit), [...partial.failures.keys()], { cause });
    this.failures = partial.failures;
    this.results = partial.results;
  }
}

/**
 * An operation on many keys, or on every server, failed for some of them, and at least once because of the network.
 * `cause` is the first such error.
 *
 * @example Finding the keys that could not be read
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
  /** The name of the class, for logs and for errors from another realm. */
  override readonly name: string = "PartialSocketError";
  /** The error of each key that failed, or of each server by its name. */
  readonly failures: ReadonlyMap<string, unknown>;
  /** The results for the other keys or servers. */
  readonly results: ReadonlyMap<string, unknown>;

  /**
   * Makes the error.
   *
   * @param action The operation.
   * @param partial The failures and the results.
   * @param unit Whether keys or servers failed.
   */
  constructor(action: string, partial: PartialFailure, unit: "keys" | "servers" = "keys") {
    const [cause] = partial.failures.values();
    super(partialMessage(action, partial, unit), { cause });
    this.failures = partial.failures;
    this.results = partial.results;
  }
}

function partialMessage(
  action: string,
  { failures, results, count = failures.size + results.size }: PartialFailure,
  unit: "keys" | "servers",
): string {
  const [[first, error]] = failures as unknown as [[string, unknown]];
  const units = count === 1 ? unit.slice(0, -1) : unit;
  const why = messageOf(error);
  return `Cannot ${action} ${failures.size} of ${count} ${units}, the first ${
    quote(first)
  }: ${why}`;
}

/**
 * Copies an error of this module: the stack of the copy is that of the present call, and longer than the runtime's
 * limit. Other errors are returned unchanged.
 *
 * @param text The message of the copy; by default that of the error.
 */
export function copyError(error: unknown, text: string = Object(error).message): unknown {
  // The error itself is passed as the options of its copy: it has a `cause`, a `server` and a `client`, if any.
  const options = Object(error);
  const { constructor: Class, item } = options;
  // Functions of this module take room in a stack besides the caller's. Not every runtime has a limit; a program may have
  // frozen it, or set it to 0.
  const limit = Reflect.get(Error, "stackTraceLimit");
  Reflect.set(Error, "stackTraceLimit", limit && limit + 30);
  const copy = Class === ClientException || Class === ValidationException
    ? new (Class as typeof ClientException)(text, item, options)
    : Class === SocketError || Class === TimeoutError
    ? new (Class as typeof SocketError)(text, options)
    : error;
  Reflect.set(Error, "stackTraceLimit", limit);
  return copy;
}

/** Formats a value for an error message: on one line, shortened when it is long. */
export function quote(value: unknown): string {
  if (typeof value !== "string") return `of type ${value === null ? "null" : typeof value}`;
  return JSON.stringify(value.replace(/^(.{80}).+/s, "$1…"));
}

/**
 * Handles the failure of a dynamic `import()`, as where a file of a bundle is missing.
 *
 * @throws {ClientException} Always, so that it counts neither as the caller's fault nor as a server's.
 */
export function cannotLoad(cause: unknown): never {
  throw new ClientException(`Cannot load the client: ${messageOf(cause)}`, undefined, { cause });
}

/** The message of an error, or the text of any other thrown value. */
export function messageOf(error: unknown): string {
  try {
    if (!(error instanceof Error)) return String(error);
    // When several addresses refuse, Node's error has a code but no message.
    return String(error.message || ((error as { code?: unknown }).code ?? error.name));
  } catch {
    return "what was thrown has no text";
  }
}
