/** Values beyond memcached's item limit. @module */

import {
  ClientException,
  type EncodedValue,
  type Exptime,
  type KeyCommands,
  moecacheTranscoder,
  type OperationOptions,
  rawTranscoder,
  type Transcoder,
  ValidationException,
} from "../../mod.ts";
import { KEY_COMMAND_OPTIONS, operationOptions } from "../commands/operation_options.ts";
import {
  checkChoice,
  checkInteger,
  checkNames,
  checkOptions,
  checkSignal,
  type OptionTypes,
} from "../option_checks.ts";
import { isUnreachable } from "../protocol/backend_failure.ts";
import { checkExptime } from "../protocol/exptime.ts";
import { watchSignal } from "../waiting.ts";
import { type ChunkList, Chunks, rechunked } from "./chunks.ts";
import { envelope, escapeValue, openEnvelope, unescapeValue } from "./envelope.ts";
import { ofWhole } from "./partial_errors.ts";
import {
  type Change,
  checkCommands,
  deferExptime,
  type ValueRules,
  ValueView,
  type WriteContext,
} from "./value_view.ts";

/** The options of {@linkcode largeValues}. */
export interface LargeValuesOptions {
  /**
   * The length in bytes from which values are cut, and of the chunks: an integer from 1,024 to 1,073,741,824;
   * 1,000,000 by default, which fits memcached's default item limit of 1 MiB. It may be larger where memcached's
   * `-I` is. Values that were stored with another length can still be read.
   */
  readonly chunkByteLength?: number | undefined;
  /**
   * `"mcrouter"`: large values are stored and read as mcrouter's big-value route does, under flags with the bit
   * 0x8000. By default they have a format of this module's own.
   */
  readonly format?: "mcrouter" | undefined;
  /** With `format: "mcrouter"`: the transcoder of the values. `moecacheTranscoder` by default. */
  readonly transcoder?: Transcoder | undefined;
}

/** Commands on keys whose values may be large, and may be streams. */
export interface LargeValueCommands extends KeyCommands {
  /** The maximum length of a key, in characters. */
  readonly longestKey: number;
  /**
   * Stores what a stream yields, as bytes. No more than a few chunks of it are in memory at once.
   *
   * @param key The key.
   * @param stream Yields bytes. It is read to its end, or cancelled when the value cannot be stored.
   * @param exptime When the value expires, as for `set`.
   * @param options `signal`.
   * @throws What the stream fails with; nothing is stored then.
   * @throws {ClientException} When memcached refuses.
   * @throws {SocketError} When a server cannot be reached.
   */
  setStream(
    key: string,
    stream: ReadableStream<Uint8Array>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void>;
  /**
   * Reads a value as a stream of bytes; a string as its UTF-8. No more than a few chunks are in memory at once.
   *
   * The stream fails with a `ClientException` when memcached drops a chunk while it is read. Cancel it when it
   * need not be read to its end.
   *
   * @param key The key.
   * @param options `signal`, which also ends the stream.
   * @returns The stream; `undefined` when the key does not exist.
   * @throws {ClientException} When the value is neither bytes nor a string, or memcached refuses.
   * @throws {SocketError} When a server cannot be reached.
   */
  getStream(
    key: string,
    options?: OperationOptions,
  ): Promise<ReadableStream<Uint8Array> | undefined>;
  /** The same view, with another transcoder for the values. */
  withTranscoder(transcoder: Transcoder): LargeValueCommands;
}

/** The options of commands, and those of views that this one may stand on. */
const ALL_OPTIONS: OptionTypes<OperationOptions & { tags: unknown }> = {
  ...KEY_COMMAND_OPTIONS,
  tags: "any",
};

const DEFAULT_CHUNK = 1_000_000;
/** More chunks than any value has: a list of them that is read is no longer than this. */
const MOST_CHUNKS = 1_048_576;
/** How much longer chunks live than what refers to them, in seconds: memcached's clock ticks once a second. */
const GRACE = 2;

/**
 * Makes a view whose values may be longer than an item: `Uint8Array`s, strings and streams of any length. Values of
 * other types are stored as the client stores them.
 *
 * A value of up to `chunkByteLength` bytes is stored as it is. A longer one is cut into chunks under random keys of
 * their own, spread over the servers; the chunks are stored first, then under the value's key a list that says where
 * they are. A reader gets the chunks of one list and so never a mixture of two values. A value that lacks a chunk,
 * because memcached has evicted it, is a miss, and is absent for every other command; `replace`, `cas`, `inspect` and
 * `invalidate` read the list and ask for the chunks for that. When a value is replaced or deleted, its chunks are deleted after
 * that; a reader that has met the old list reads the new one. Chunks that are left behind by a client that is
 * killed, and the chunks of stale values that `getOrSet` replaces, expire with the exptime of their value or are
 * evicted.
 *
 * `set` sends the bytes without a copy: do not change them before it has resolved.
 *
 * `append` and `prepend` read and store the value again. `update`, `cas` and `getOrSet` work on the list, so one of
 * several writers wins.
 *
 * @param client Where the values are stored: a client, a namespace, or another view.
 * @param options `chunkByteLength`, `format`, `transcoder`.
 * @returns The commands, `setStream` and `getStream` among them.
 * @throws {ValidationException} When an option is invalid.
 *
 * @example Two megabytes
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { largeValues } from "@moecache/moecache/views";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * const files = largeValues(client);
 * await files.set("file", new Uint8Array(2_000_000), 60);
 * const stream = await files.getStream("file");
 * let byteLength = 0;
 * for await (const chunk of stream ?? []) byteLength += chunk.byteLength;
 * assertEquals(byteLength, 2_000_000);
 * ```
 */
export function largeValues(
  client: KeyCommands,
  options: LargeValuesOptions = {},
): LargeValueCommands {
  checkCommands(client);
  checkNames(options, ["chunkByteLength", "format", "transcoder"]);
  const { chunkByteLength = DEFAULT_CHUNK, format, transcoder } = options;
  checkInteger("chunkByteLength", chunkByteLength, 1024, 2 ** 30);
  if (format !== undefined) checkChoice("format", format, ["mcrouter"]);
  if (transcoder !== undefined && format === undefined) {
    const why = `it has an effect with format: "mcrouter" only`;
    throw new ValidationException(`Cannot use transcoder: ${why}`, transcoder);
  }
  if (format === undefined) {
    const withTranscoder = (other: Transcoder) => {
      return largeValues(client.withTranscoder(other), options);
    };
    const rules = new LargeRules(client, new OwnFormat(), chunkByteLength);
    return new LargeView(client, rules, withTranscoder);
  }
  const items = client.withTranscoder(rawTranscoder({ withFlags: true }));
  const withTranscoder = (other: Transcoder) => {
    return largeValues(client, { chunkByteLength, format, transcoder: other });
  };
  const own = transcoder === undefined ? moecacheTranscoder : transcoder;
  const values = client.withTranscoder(own);
  const rules = new LargeRules(items, new McrouterFormat(own), chunkByteLength, values);
  return new LargeView(items, rules, withTranscoder);
}

/** What is stored under a large value's key. */
interface Head extends ChunkList {
  /** What tells it from the heads of other values. */
  readonly id: string;
  /** Makes the value from its bytes. */
  readonly valueOf: (bytes: Uint8Array) => unknown;
}

/** How large values are distinguished from others. */
interface Format {
  /** How much longer the chunks' keys may be than the value's. */
  readonly suffixLength: number;
  /** What is stored for a value; bytes that may have to be cut, or anything else, which is stored as it is. */
  encode(value: unknown): unknown | Promise<unknown>;
  /** What is stored for bytes that are not there yet. Their form must be that of a stream. */
  encodeStream(): unknown | Promise<unknown>;
  /** The bytes that may have to be cut, of what {@linkcode encode} made. */
  bytesOf(encoded: unknown): Uint8Array | undefined;
  /** Makes the head of a value, before its chunks are stored. */
  begin(key: string): { readonly id: string; readonly keyOf: ChunkList["keyOf"] };
  /** What is stored under the key of a value whose chunks are stored. */
  head(id: string, sizes: Sizes, encoded: unknown): unknown;
  /** Reads that; `undefined` for a value that is not cut. */
  open(stored: unknown, key: string): Head | undefined;
  /** Reads a value that is not cut. */
  decode(stored: unknown): unknown | Promise<unknown>;
}

interface Sizes {
  readonly count: number;
  readonly byteLength: number;
  readonly chunkByteLength: number;
}

const NAME = "large";

/** The format of this module: a list with the chunks' random name and the lengths. */
class OwnFormat implements Format {
  readonly suffixLength = 0;

  encode(value: unknown): unknown {
    return value;
  }

  encodeStream(): Uint8Array {
    return new Uint8Array();
  }

  bytesOf(value: unknown): Uint8Array | undefined {
    if (typeof value === "string") return new TextEncoder().encode(value);
    return value instanceof Uint8Array ? value : undefined;
  }

  begin(): { id: string; keyOf: (index: number) => string } {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => {
      return byte.toString(16).padStart(2, "0");
    }).join("");
    return { id, keyOf: (index) => chunkKey(id, index) };
  }

  head(id: string, { byteLength, chunkByteLength }: Sizes, value: unknown): unknown {
    const type = typeof value === "string" ? "text" : "bytes";
    return envelope(NAME, id, byteLength, chunkByteLength, type);
  }

  open(stored: unknown): Head | undefined {
    const parts = openEnvelope(NAME, stored);
    if (parts === undefined) return undefined;
    const [id, byteLength, chunkByteLength, type] = parts as [string, number, number, string];
    const isHead = typeof id === "string" && /^[\da-f]{32}$/.test(id) &&
      Number.isSafeInteger(byteLength) && byteLength >= 0 &&
      Number.isSafeInteger(chunkByteLength) && chunkByteLength > 0 &&
      byteLength <= chunkByteLength * MOST_CHUNKS;
    if (!isHead) {
      throw new ClientException("Cannot read a large value: its list is damaged", stored);
    }
    const count = Math.ceil(byteLength / chunkByteLength);
    return {
      id,
      count,
      keyOf: (index) => chunkKey(id, index),
      lengthOf: (index) => Math.min(chunkByteLength, byteLength - index * chunkByteLength),
      // A byte order mark is part of the text.
      valueOf: (bytes) =>
        type === "text" ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) : bytes,
    };
  }

  decode(stored: unknown): unknown {
    return unescapeValue(stored);
  }
}

function chunkKey(id: string, index: number): string {
  // The number stands first: keys that differ in their last characters only are close together on some rings.
  return `~moecache-${index}:${id}`;
}

/** The bit of the flags that mcrouter marks a big value with: `MC_MSG_FLAG_BIG_VALUE` in its source. */
const BIG_VALUE = 0x8000;

/**
 * The format of mcrouter's `BigValueRoute`: under the key the text `1-<number of chunks>-<suffix>`, where 1 is the
 * version, and the chunks under `<key>:<index>:<suffix>`.
 */
class McrouterFormat implements Format {
  readonly suffixLength = `:${MOST_CHUNKS}:${2n ** 64n}`.length;
  readonly #transcoder: Transcoder;

  constructor(transcoder: Transcoder) {
    this.#transcoder = transcoder;
  }

  encode(value: unknown): unknown {
    const encoded = this.#transcoder.encode(value);
    return encoded instanceof Promise ? encoded.then(checkUnmarked) : checkUnmarked(encoded);
  }

  async encodeStream(): Promise<EncodedValue> {
    const probe = new Uint8Array([0, 128, 255]);
    const encoded = checkUnmarked(await this.#transcoder.encode(probe));
    if (`${encoded.data}` === `${probe}`) return encoded;
    const why = "its transcoder must leave bytes as they are, as rawTranscoder does";
    throw new ValidationException(`Cannot set a stream: ${why}`, this.#transcoder);
  }

  bytesOf(encoded: unknown): Uint8Array | undefined {
    return (encoded as EncodedValue).data;
  }

  begin(key: string): { id: string; keyOf: (index: number) => string } {
    // mcrouter takes any number of 64 bits, and makes its own from 32 bits of a hash.
    const suffix = crypto.getRandomValues(new BigUint64Array(1)).join();
    return { id: suffix, keyOf: (index) => `${key}:${index}:${suffix}` };
  }

  head(suffix: string, { count }: Sizes, encoded: unknown): EncodedValue {
    const { flags } = encoded as EncodedValue;
    return {
      flags: (flags | BIG_VALUE) >>> 0,
      data: new TextEncoder().encode(`1-${count}-${suffix}`),
    };
  }

  open(stored: unknown, key: string): Head | undefined {
    const { flags, data } = stored as EncodedValue;
    if ((flags & BIG_VALUE) === 0) return undefined;
    const [, version, count, suffix] =
      /^(\d{1,9})-(\d{1,9})-(\d{1,20})$/.exec(new TextDecoder().decode(data)) ?? [];
    // What mcrouter does not read is a miss there too.
    const isHead = Number(version) === 1 && count !== undefined && Number(count) <= MOST_CHUNKS;
    const valueOf = (data: Uint8Array) => {
      return this.#transcoder.decode({ flags: (flags & ~BIG_VALUE) >>> 0, data });
    };
    return {
      id: suffix ?? "",
      count: isHead ? Number(count) : 1,
      // mcrouter reads a number, and ignores zeros in front of it.
      keyOf: (index) => `${key}:${index}:${BigInt(suffix ?? 0)}`,
      lengthOf: () => isHead ? undefined : -1,
      valueOf,
    };
  }

  decode(stored: unknown): unknown {
    return this.#transcoder.decode(stored as EncodedValue);
  }
}

/**
 * Checks that a value does not look like a large one before it is stored.
 *
 * @throws {ValidationException} When its flags have the bit that marks large values.
 */
function checkUnmarked(encoded: EncodedValue): EncodedValue {
  if ((Object(encoded).flags & BIG_VALUE) === 0) return encoded;
  const why = "flags with the bit 0x8000 mark large values";
  throw new ValidationException(`Cannot store value: ${why}`, encoded);
}

/** How large values are stored. */
class LargeRules implements ValueRules {
  readonly mayLose = true;
  /** A value that has lost a chunk counts as a miss. */
  readonly mayHide = true;
  readonly client: KeyCommands;
  readonly chunks: Chunks;
  readonly format: Format;
  readonly chunkByteLength: number;
  readonly values: KeyCommands;

  constructor(client: KeyCommands, format: Format, chunkByteLength: number, values = client) {
    this.client = client;
    this.chunks = new Chunks(client);
    this.format = format;
    this.chunkByteLength = chunkByteLength;
    this.values = values;
  }

  isPlain(): "mostly" {
    return "mostly";
  }

  keyOf(key: string): string {
    return key;
  }

  async toStored(value: unknown, key: string, context: WriteContext): Promise<unknown> {
    const { chunkByteLength, format } = this;
    const encoded = await format.encode(value);
    // UTF-8 takes up to three bytes for a unit: most strings are short enough without being looked at.
    if (typeof encoded === "string" && encoded.length * 3 <= chunkByteLength) return encoded;
    const bytes = format.bytesOf(encoded);
    if (bytes === undefined || bytes.byteLength <= chunkByteLength) {
      return format instanceof OwnFormat ? escapeValue(encoded) : encoded;
    }
    // Chunks are stored only for what can be stored itself.
    checkOptions(context.options, ALL_OPTIONS);
    checkExptime(context.exptime, Date.now);
    await checkKey(this.client, key);
    const { byteLength } = bytes;
    const { id, keyOf } = format.begin(key);
    const exptime = deferExptime(context.exptime, GRACE);
    const options = operationOptions(context.options ?? {});
    const count = Math.ceil(byteLength / chunkByteLength);
    try {
      await this.chunks.write(bytes, chunkByteLength, { keyOf }, exptime, options);
    } catch (error) {
      // Another fault would take as long again.
      if (error instanceof ClientException) {
        await Promise.allSettled([this.chunks.delete({ keyOf, count }, {})]);
      }
      throw ofWhole(error, `set key ${JSON.stringify(key)}`);
    }
    return format.head(id, { count, byteLength, chunkByteLength }, encoded);
  }

  async fromStored(
    stored: unknown,
    key: string,
    _prepared: unknown,
    options: OperationOptions,
  ): Promise<unknown> {
    const head = this.format.open(stored, key);
    if (head === undefined) return await this.format.decode(stored);
    const bytes = await this.#read(head, key, options);
    if (bytes !== undefined) return await head.valueOf(bytes);
    // Its chunks are gone: it may have been replaced meanwhile.
    const again = await this.client.get(key, options);
    if (again === undefined) return undefined;
    const newHead = this.format.open(again, key);
    if (newHead === undefined) return await this.format.decode(again);
    if (newHead.id === head.id) return undefined;
    const newBytes = await this.#read(newHead, key, options);
    return newBytes === undefined ? undefined : await newHead.valueOf(newBytes);
  }

  async #read(
    head: Head,
    key: string,
    options: OperationOptions,
  ): Promise<Uint8Array | undefined> {
    try {
      return await this.chunks.read(head, options);
    } catch (error) {
      throw ofWhole(error, `get key ${JSON.stringify(key)}`);
    }
  }

  async isThere(stored: unknown, key: string, options: OperationOptions): Promise<boolean> {
    const head = this.#headOf(stored, key);
    if (head === undefined || await this.#isWhole(head, options)) return true;
    // Its chunks are gone: it may have been replaced meanwhile.
    const newHead = this.#headOf(await this.client.get(key, options), key);
    return newHead !== undefined && newHead.id !== head.id && await this.#isWhole(newHead, options);
  }

  /** Whether all chunks are there; also where a server cannot be reached that may have one. */
  async #isWhole(head: Head, options: OperationOptions): Promise<boolean> {
    try {
      return await this.chunks.exist(head, { ...options, failover: "error" });
    } catch (error) {
      if (isUnreachable(error)) return true;
      throw error;
    }
  }

  async replaced(
    key: string,
    { before, offered }: Change,
    options: OperationOptions | undefined,
  ): Promise<boolean> {
    const headBefore = this.#headOf(before, key);
    const headOffered = this.#headOf(offered, key);
    if (headBefore === undefined && headOffered === undefined) return true;
    const operation = operationOptions(options ?? {});
    const id = this.#headOf(await this.client.get(key, operation), key)?.id;
    const remove = async (head: Head | undefined) => {
      if (head === undefined || head.id === id) return true;
      return await this.chunks.delete(head, operation);
    };
    const [wasWhole] = await Promise.all([remove(headBefore), remove(headOffered)]);
    return wasWhole;
  }

  #headOf(stored: unknown, key: string): Head | undefined {
    if (stored === undefined) return undefined;
    try {
      return this.format.open(stored, key);
    } catch {
      // A damaged list names no chunks.
      return undefined;
    }
  }
}

/** Commands on keys whose values may be large. */
class LargeView extends ValueView implements LargeValueCommands {
  readonly #inner: KeyCommands;
  readonly #rules: LargeRules;
  readonly #again: (transcoder: Transcoder) => LargeValueCommands;

  constructor(
    inner: KeyCommands,
    rules: LargeRules,
    withTranscoder: (transcoder: Transcoder) => LargeValueCommands,
  ) {
    super(inner, rules, withTranscoder);
    this.#inner = inner;
    this.#rules = rules;
    this.#again = withTranscoder;
  }

  override get longestKey(): number {
    return super.longestKey - this.#rules.format.suffixLength;
  }

  override withTranscoder(transcoder: Transcoder): LargeValueCommands {
    return this.#again(transcoder);
  }

  override async touch(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<boolean> {
    // Before the chunks are touched.
    checkExptime(exptime, Date.now);
    const stored = await this.#inner.get(key, options);
    const isWhole = await this.#touchChunks(stored, key, exptime, options);
    return await this.#inner.touch(key, exptime, options) && isWhole;
  }

  override async getAndTouch<Value = unknown>(
    key: string,
    exptime: Exptime,
    options?: OperationOptions,
  ): Promise<Value | undefined> {
    const stored = await this.#inner.getAndTouch(key, exptime, options);
    if (stored === undefined) return undefined;
    await this.#touchChunks(stored, key, exptime, options);
    const operation = operationOptions(options ?? {});
    return await this.#rules.fromStored(stored, key, undefined, operation) as Value | undefined;
  }

  async setStream(
    key: string,
    stream: ReadableStream<Uint8Array>,
    exptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    if (!(stream instanceof ReadableStream)) {
      const why = "it must be a ReadableStream of Uint8Arrays";
      throw new ValidationException(`Cannot set stream of type ${typeof stream}: ${why}`, stream);
    }
    if (stream.locked) {
      const why = "something else reads it";
      throw new ValidationException(`Cannot set a stream: ${why}`, stream);
    }
    const { chunkByteLength, chunks, format } = this.#rules;
    const operation = operationOptions(options ?? {});
    const ending = new AbortController();
    const end = (reason: unknown) => ending.abort(reason);
    let forget = () => {};
    const { id, keyOf } = format.begin(key);
    const chunkExptime = deferExptime(exptime ?? 0, GRACE);
    let count = 0;
    let last: Uint8Array | undefined;
    const spare: Uint8Array[] = [];
    const cut = rechunked(bytesOf(stream, ending.signal), chunkByteLength, spare);
    const pieces = (async function* () {
      for await (const chunk of cut) {
        if (last !== undefined) {
          count++;
          yield last;
        }
        last = chunk;
      }
      // A value of one chunk is stored like any other of its length.
      if (count === 0 || last === undefined) return;
      count++;
      yield last;
    })();
    const start = Date.now();
    const list = {
      keyOf,
      get count() {
        return count;
      },
      lengthOf: () => undefined,
    };
    try {
      // What the caller says is checked before anything is read.
      checkOptions(options, ALL_OPTIONS);
      checkSignal(options);
      checkExptime(exptime, Date.now);
      if (options?.signal !== undefined) forget = watchSignal(options.signal, { abandon: end });
      await checkKey(this.#inner, key);
      const empty = await format.encodeStream();
      const failed = (error: unknown) => {
        const whole = ofWhole(error, `set key ${JSON.stringify(key)}`);
        end(whole);
        return whole;
      };
      const { byteLength } = await chunks.writeStream(pieces, keyOf, chunkExptime, operation, {
        // The last one may be shorter.
        stored: (chunk) => void (chunk.byteLength === chunkByteLength && spare.push(chunk)),
        failed,
      });
      if (count === 0) return await this.set(key, last ?? new Uint8Array(), exptime, options);
      // What took long to arrive has begun to age.
      if (Date.now() - start >= 1000) {
        await chunks.touch(list, chunkExptime, operation).catch((error) =>
          Promise.reject(failed(error))
        );
      }
      const head = format.head(id, { count, byteLength, chunkByteLength }, empty);
      const before = await this.#inner.get(key, operation).catch(() => undefined);
      await this.#inner.set(key, head, exptime, options);
      await Promise.allSettled([this.#rules.replaced(key, { before, offered: head }, options)]);
    } catch (error) {
      await Promise.allSettled([chunks.delete(list, {}), pieces.return(), stream.cancel(error)]);
      throw error;
    } finally {
      forget();
    }
  }

  async getStream(
    key: string,
    options?: OperationOptions,
  ): Promise<ReadableStream<Uint8Array> | undefined> {
    const operation = operationOptions(options ?? {});
    let tried: string | undefined;
    for (;;) {
      const stored = await this.#inner.get(key, options);
      if (stored === undefined) return undefined;
      const head = this.#rules.format.open(stored, key);
      if (head === undefined) {
        return streamOfOne(key, await this.#rules.format.decode(stored));
      }
      if (head.id === tried) return undefined;
      tried = head.id;
      const chunks = namingWhole(this.#rules.chunks.readEach(head, operation), key);
      const { value: first } = await chunks.next();
      if (first !== undefined) return streamOf(key, first, chunks);
      if (head.count === 0) return streamOfOne(key, new Uint8Array());
    }
  }

  /** @returns Whether all chunks were there. */
  async #touchChunks(
    stored: unknown,
    key: string,
    exptime: Exptime,
    options: OperationOptions | undefined,
  ): Promise<boolean> {
    const head = stored === undefined ? undefined : this.#rules.format.open(stored, key);
    if (head === undefined) return true;
    const later = deferExptime(exptime, GRACE);
    try {
      return await this.#rules.chunks.touch(head, later, operationOptions(options ?? {}));
    } catch (error) {
      throw ofWhole(error, `touch key ${JSON.stringify(key)}`);
    }
  }
}

/** The same chunks; what reading them fails with names the key of the value. */
async function* namingWhole<Chunk>(
  chunks: AsyncGenerator<Chunk, void>,
  key: string,
): AsyncGenerator<Chunk, void> {
  try {
    yield* chunks;
  } catch (error) {
    throw ofWhole(error, `get key ${JSON.stringify(key)}`);
  }
}

/**
 * Checks a key as the client would that stores something under it.
 *
 * @throws {ValidationException} When it is none.
 */
async function checkKey(client: KeyCommands, key: string): Promise<void> {
  try {
    await client.locate(key);
  } catch (error) {
    // Which server it is on need not be known yet.
    if (error instanceof ValidationException) throw error;
  }
}

/**
 * Checks what a stream yields.
 *
 * @param signal Ends it, with its reason, also while the stream yields nothing.
 */
async function* bytesOf(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader();
  // This ends a read that is waiting.
  const cancel = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", cancel);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      if (!(value instanceof Uint8Array)) {
        const why = "it must yield Uint8Arrays";
        throw new ValidationException(
          `Cannot set stream that yields ${typeof value}: ${why}`,
          value,
        );
      }
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    reader.releaseLock();
  }
}

function streamOfOne(key: string, value: unknown): ReadableStream<Uint8Array> {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  if (!(bytes instanceof Uint8Array)) {
    const why = "its value is neither bytes nor a string";
    throw new ClientException(`Cannot stream key ${JSON.stringify(key)}: ${why}`, value);
  }
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

function streamOf(
  key: string,
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array | undefined, void>,
): ReadableStream<Uint8Array> {
  let next: Uint8Array | undefined = first;
  return new ReadableStream({
    async pull(controller) {
      if (next !== undefined) {
        controller.enqueue(next);
        next = undefined;
        return;
      }
      const { done, value } = await rest.next();
      if (done) return controller.close();
      if (value !== undefined) return controller.enqueue(value);
      const why = "memcached has dropped a part of it";
      throw new ClientException(`Cannot stream key ${JSON.stringify(key)}: ${why}`, key);
    },
    async cancel() {
      await rest.return();
    },
  }, { highWaterMark: 0 });
}
