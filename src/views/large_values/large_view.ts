/** The commands of a view of large values. @module */

import type {
  Exptime,
  InvalidateOptions,
  KeyCommands,
  OperationOptions,
  Transcoder,
} from "../../../mod.ts";
import { operationOptions } from "../../commands/operation_options.ts";
import { ownDate } from "../../option_checks.ts";
import { isPast } from "../../protocol/exptime.ts";
import { callRulesOf, checkCall } from "../call_rules.ts";
import { deferExptime } from "../exptimes.ts";
import { ofWhole } from "../partial_errors.ts";
import { ValueView } from "../value_view.ts";
import { ignoreUnreadable } from "../value_view/writing.ts";
import { ownOptions } from "../wrapped_commands.ts";
import { checkStream, streamOf, streamOfOne } from "./byte_streams.ts";
import { GRACE, type LargeRules } from "./large_rules.ts";
import { StreamWriting } from "./stream_writing.ts";

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
   * Reads a value as a stream of bytes; a string as its UTF-8. No more than a few chunks are in memory at once, except
   * with `format: "mcrouter"` and a transcoder that changes bytes, as pickles do.
   *
   * The stream fails with a `ClientException` when memcached drops a chunk while it is read. On servers without meta
   * commands, and on another view, it fails too when a chunk behind the first eight is missing. Cancel it when it need
   * not be read to its end.
   *
   * @param key The key.
   * @param options `signal`, which also ends the stream.
   * @returns The stream; `undefined` when the key does not exist, or a chunk is missing.
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

/** The commands of {@linkcode largeValues}. */
export class LargeView extends ValueView implements LargeValueCommands {
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
    givenExptime: Exptime,
    given?: OperationOptions,
  ): Promise<boolean> {
    // Before the chunks are touched.
    checkCall("touch", [key, givenExptime, given], callRulesOf(this));
    const exptime = ownDate(givenExptime);
    const options = ownOptions(given);
    const stored = await this.#inner.get(key, options);
    const isWhole = await this.#touchChunks(stored, key, exptime, options);
    return await this.#inner.touch(key, exptime, options) && isWhole;
  }

  override async getAndTouch<Value = unknown>(
    key: string,
    givenExptime: Exptime,
    given?: OperationOptions,
  ): Promise<Value | undefined> {
    checkCall("getAndTouch", [key, givenExptime, given], callRulesOf(this));
    const options = ownOptions(given);
    const exptime = ownDate(givenExptime);
    const stored = await this.#inner.getAndTouch(key, exptime, options);
    if (stored === undefined) return undefined;
    const operation = operationOptions(options);
    const read = async () => {
      return await this.#rules.fromStored(stored, key, undefined, operation) as Value | undefined;
    };
    const touch = () => this.#touchChunks(stored, key, exptime, options);
    // Chunks that have expired cannot be read any more, and those of a large value may expire while it is read.
    if (!isPast(exptime, Date.now())) {
      await touch();
      return await read();
    }
    const value = await read();
    await touch();
    return value;
  }

  override async invalidate(key: string, given?: InvalidateOptions): Promise<boolean> {
    checkCall("invalidate", [key, given], callRulesOf(this));
    const options = ownOptions(given);
    if (options?.staleFor === undefined) return await super.invalidate(key, options);
    const operation = operationOptions(options);
    // Read before the mark: the chunks of a value that another client stores after that live on.
    const stored = await this.#inner.get(key, operation).catch(ignoreUnreadable);
    const isThere = await super.invalidate(key, options);
    // The stale value lives as long as its chunks.
    if (isThere) await this.#touchChunks(stored, key, options.staleFor, operation);
    return isThere;
  }

  async setStream(
    key: string,
    stream: ReadableStream<Uint8Array>,
    givenExptime?: Exptime,
    options?: OperationOptions,
  ): Promise<void> {
    checkStream(stream);
    const exptime = ownDate(givenExptime);
    await new StreamWriting({
      inner: this.#inner,
      rules: this.#rules,
      key,
      stream,
      exptime,
      options,
      storeWhole: (bytes, inner) => this.set(key, bytes, exptime, inner),
    }).run();
  }

  async getStream(
    key: string,
    given?: OperationOptions,
  ): Promise<ReadableStream<Uint8Array> | undefined> {
    const options = ownOptions(given);
    const operation = operationOptions(options);
    let tried: string | undefined;
    for (;;) {
      const stored = await this.#inner.get(key, options);
      if (stored === undefined) return undefined;
      const head = this.#rules.format.open(stored, key);
      if (head === undefined) {
        return streamOfOne(key, await this.#rules.format.decode(stored, key));
      }
      if (head.id === tried) return undefined;
      if (!await head.isPlain()) {
        const value = await this.#rules.fromStored(stored, key, undefined, operation);
        return value === undefined ? undefined : streamOfOne(key, value);
      }
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
      return await this.#rules.chunks.touch(head, later, operationOptions(options));
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
