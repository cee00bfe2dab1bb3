/** Stores what a stream yields: its chunks first, and then the head under the key of the value. @module */

import type { Exptime, KeyCommands, OperationOptions } from "../../../mod.ts";
import { operationOptions } from "../../commands/operation_options.ts";
import { sessionOf } from "../../commands/session.ts";
import { checkOptions, checkSignal } from "../../option_checks.ts";
import { checkExptime } from "../../protocol/exptime.ts";
import { watchSignal } from "../../waiting.ts";
import { deferExptime } from "../exptimes.ts";
import { ofWhole, withCallersStack } from "../partial_errors.ts";
import { unlessAborted } from "../value_view/writing.ts";
import { ownOptions, PASSED_OPTIONS, withoutSignal } from "../wrapped_commands.ts";
import { bytesOf } from "./byte_streams.ts";
import { type ChunkList, rechunked } from "./chunks.ts";
import { checkKey, GRACE, type LargeRules } from "./large_rules.ts";

/** A stream that arrives within this many milliseconds has chunks that need not be touched afterwards. */
const SOON = 1000;

/** What is to be stored, and where. */
export interface StreamParts {
  /** Stores the head and the chunks. */
  readonly inner: KeyCommands;
  readonly rules: LargeRules;
  readonly key: string;
  readonly stream: ReadableStream<Uint8Array>;
  readonly exptime: Exptime | undefined;
  readonly options: OperationOptions | undefined;
  /** Stores a value of a single chunk, which is stored like any other of its length. */
  readonly storeWhole: (
    bytes: Uint8Array,
    options: OperationOptions | undefined,
  ) => Promise<void>;
}

/** The storing of one stream. */
export class StreamWriting {
  readonly #parts: StreamParts;
  /** The caller's options that every command of it gets. */
  readonly #operation: OperationOptions;
  /** Tells the head from those of other values. */
  readonly #id: string;
  readonly #keyOf: ChunkList["keyOf"];
  /** How many chunks have been given to memcached. */
  #count = 0;
  /** The chunk that was read last: it waits until it is known whether it is the only one. */
  #last: Uint8Array | undefined;
  /** Chunks that have been sent: their memory is used for the next ones. */
  readonly #spare: Uint8Array[] = [];
  /** Ends the reading of the stream. */
  readonly #ending = new AbortController();
  readonly #chunks: AsyncGenerator<Uint8Array, void>;
  /** Cleans up what the head has replaced; set when the head is about to be sent. */
  #cleanUp: (() => Promise<void>) | undefined;

  constructor(parts: StreamParts) {
    const { rules, key, stream, options } = parts;
    const { id, keyOf } = rules.format.begin(key);
    this.#parts = parts;
    this.#operation = operationOptions(options);
    this.#id = id;
    this.#keyOf = keyOf;
    const bytes = bytesOf(stream, this.#ending.signal);
    this.#chunks = this.#allButTheOnly(rechunked(bytes, rules.chunkByteLength, this.#spare));
  }

  /** The chunks that have been given to memcached until now. */
  get #list(): ChunkList {
    return { keyOf: this.#keyOf, count: this.#count, lengthOf: () => undefined };
  }

  /** Stores it. If that fails, the stream is cancelled, and the chunks are deleted. */
  async run(): Promise<void> {
    const { options } = this.#parts;
    let forget = () => {};
    try {
      // What the caller says is checked before anything is read.
      const chunkExptime = this.#check();
      const signal = options?.signal;
      if (signal !== undefined) forget = watchSignal(signal, { abandon: this.#end });
      await this.#store(chunkExptime);
    } catch (error) {
      // The head of a caller that gives up may have been stored.
      const cleaning = options?.signal?.aborted ? this.#cleanUp?.() : undefined;
      await Promise.allSettled([
        unlessAborted([cleaning ?? this.#parts.rules.chunks.delete(this.#list, {})], options),
        this.#chunks.return(),
        this.#parts.stream.cancel(error),
      ]);
      throw withCallersStack(error);
    } finally {
      forget();
    }
  }

  /** Checks what the caller says; returns when the chunks expire. */
  #check(): Exptime {
    const { options, exptime } = this.#parts;
    checkOptions(options, PASSED_OPTIONS);
    checkSignal(options);
    checkExptime(exptime, Date.now);
    return deferExptime(exptime ?? 0, GRACE);
  }

  readonly #end = (reason: unknown): void => this.#ending.abort(reason);

  /** Uses the memory of a chunk again; the last one may be shorter. */
  readonly #stored = (chunk: Uint8Array): void => {
    if (chunk.byteLength === this.#parts.rules.chunkByteLength) this.#spare.push(chunk);
  };

  /** Names the value in the error of a chunk, and ends the reading with it. */
  readonly #failed = (error: unknown): unknown => {
    const whole = ofWhole(error, `set key ${JSON.stringify(this.#parts.key)}`);
    this.#end(whole);
    return whole;
  };

  /** All chunks; none if there is only one, which stays in `#last`. */
  async *#allButTheOnly(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    const { rules, key } = this.#parts;
    for await (const chunk of chunks) {
      if (this.#last !== undefined) {
        if (this.#count === 0) rules.checkHead(key);
        this.#count++;
        yield this.#last;
      }
      this.#last = chunk;
    }
    if (this.#count === 0 || this.#last === undefined) return;
    this.#count++;
    yield this.#last;
  }

  async #store(chunkExptime: Exptime): Promise<void> {
    const { inner, rules, key, storeWhole } = this.#parts;
    const { chunks, chunkByteLength, format } = rules;
    const options = ownOptions(this.#parts.options);
    const begun = Date.now();
    await checkKey(inner, key);
    const empty = await format.encodeStream();
    const { byteLength } = await chunks.writeStream(this.#chunks, {
      keyOf: this.#keyOf,
      exptime: chunkExptime,
      stored: this.#stored,
      failed: this.#failed,
    }, this.#operation);
    if (this.#count === 0) return await storeWhole(this.#last ?? new Uint8Array(), options);
    // What took long to arrive has begun to age.
    if (Date.now() - begun >= SOON) await this.#touchChunks(chunkExptime);
    const sizes = { count: this.#count, byteLength, chunkByteLength };
    await this.#storeHead(format.head(this.#id, sizes, empty), options);
  }

  async #touchChunks(exptime: Exptime): Promise<void> {
    try {
      await this.#parts.rules.chunks.touch(this.#list, exptime, this.#operation);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Stores the head, and cleans up what it has replaced. */
  async #storeHead(head: unknown, options: OperationOptions | undefined): Promise<void> {
    const { inner, rules, key, exptime } = this.#parts;
    const reading = inner.get(key, withoutSignal(this.#operation)).catch(() => undefined);
    // A client sends in the order of the calls, and both in one turn: hardly any write comes between.
    if (sessionOf(inner) === undefined) await unlessAborted([reading], options);
    const cleanUp = this.#cleanUp = async () => {
      await rules.cleanUp(key, { before: await reading, offered: head }, options);
    };
    await inner.set(key, head, exptime, options);
    await unlessAborted([cleanUp()], options);
  }
}
