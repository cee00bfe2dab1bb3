/** Bodies of responses, in chunks that fit into items. @module */

import {
  ClientException,
  type EncodedValue,
  type KeyCommands,
  type Transcoder,
} from "../../../mod.ts";
import { isUnreachable } from "../../protocol/backend_failure.ts";
import { exptimeOf } from "../key_and_exptime.ts";
import type { BodyPlace } from "./entry.ts";
import { allEnded } from "../../waiting/promises.ts";

/** The beginning of the keys of bodies, after the prefix. */
export const BODY = "body:";
/** How many seconds a body that is replaced or expires is kept for the requests that are still reading it. */
const GRACE = 60;

/** The first size of a buffer in bytes; small, so that small bodies need little memory. */
const FIRST_BUFFER = 4096;

/** The flags of all items of a cache. */
const FLAGS = 0x6d6f6b02;
/** The flags of what a view stores instead of the bytes: a list, such as that of a value's chunks. */
const FLAGS_OF_VIEWS = 0x6d6f6b03;

/** Stores bytes unchanged, with the flags of a cache. */
export const cacheFormat: Transcoder = {
  handsOverData: true,
  encode(value: unknown): EncodedValue {
    if (value instanceof Uint8Array) return { flags: FLAGS, data: value };
    return { flags: FLAGS_OF_VIEWS, data: new TextEncoder().encode(JSON.stringify(value)) };
  },
  decode({ flags, data }: EncodedValue): unknown {
    if (flags === FLAGS) return data;
    if (flags === FLAGS_OF_VIEWS) return JSON.parse(new TextDecoder().decode(data));
    throw new ClientException("Cannot read item: it is not an item of a cache", flags);
  },
};

/** Reads a response's body. Its chunks are whatever the origin put into the stream. */
export type BodyReader = ReadableStreamDefaultReader<unknown>;

/** The bodies of one cache. A chunk's key is never used for another body, so bodies cannot be mixed up. */
export class Bodies {
  readonly #bytes: KeyCommands;
  readonly #prefix: string;
  readonly #chunkByteLength: number;

  /** @param bytes Commands whose values are bytes. */
  constructor(bytes: KeyCommands, prefix: string, chunkByteLength: number) {
    this.#bytes = bytes;
    this.#prefix = prefix;
    this.#chunkByteLength = chunkByteLength;
  }

  /**
   * Stores a body while it arrives, a chunk at a time. After a failure, the stored chunks are deleted.
   *
   * @param lifetime For how many milliseconds it is opened. The first chunk is read then, the others later.
   * @throws {TypeError} When the runtime's `Response` does not accept a chunk of the stream.
   */
  async write(reader: BodyReader, lifetime: number): Promise<BodyPlace> {
    const id = crypto.randomUUID();
    const chunkByteLength = this.#chunkByteLength;
    let byteLength = 0;
    let index = 0;
    try {
      for await (const chunk of chunksOf(reader, chunkByteLength)) {
        const exptime = exptimeOf(index === 0 ? lifetime : lifetime + GRACE * 1000);
        await this.#bytes.set(this.#key(id, index++), chunk, exptime);
        byteLength += chunk.byteLength;
      }
    } catch (error) {
      giveUp(reader);
      await this.forget({ id, byteLength: index * chunkByteLength, chunkByteLength }, error);
      throw error;
    }
    return { id, byteLength, chunkByteLength };
  }

  /**
   * Opens a body: reads its first chunk, and checks that the others exist.
   *
   * @returns A stream that reads each chunk on demand, and fails when memcached has lost it; `undefined` when a chunk
   * is missing already.
   */
  async open(body: BodyPlace): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
    const lengths = chunkLengths(body);
    const [first, ...others] = await Promise.all([
      lengths.length === 0 ? undefined : this.#read(this.#key(body.id, 0)),
      ...lengths.slice(1).map((_, i) => this.#bytes.inspect(this.#key(body.id, i + 1))),
    ]);
    // The sizes of the others are not compared: a view may store something else for a chunk.
    const isComplete = first?.byteLength === lengths[0] &&
      others.every((item) => item !== undefined);
    return isComplete ? this.#stream(body, lengths, first) : undefined;
  }

  /** Makes a body expire soon. */
  async retire(body: BodyPlace): Promise<void> {
    const keys = chunkLengths(body).map((_, i) => this.#key(body.id, i));
    await allEnded(keys.map((key) => this.#bytes.touch(key, GRACE)));
  }

  /** Deletes a body that no entry refers to. */
  async delete(body: BodyPlace): Promise<void> {
    await this.#bytes.deleteMany(chunkLengths(body).map((_, i) => this.#key(body.id, i)));
  }

  /**
   * Deletes a body that cannot be stored or listed.
   *
   * @throws {AggregateError} When deleting fails as well; it includes the cause.
   * @throws The cause, when a server cannot be reached for either.
   */
  async forget(body: BodyPlace, cause: unknown): Promise<void> {
    try {
      await this.delete(body);
    } catch (error) {
      if (isUnreachable(cause) && isUnreachable(error)) throw cause;
      throw new AggregateError(
        [cause, error],
        "Cannot store a body, nor delete the stored part of it",
      );
    }
  }

  #stream(
    body: BodyPlace,
    lengths: readonly number[],
    first: Uint8Array<ArrayBuffer> | undefined,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    let index = 0;
    return new ReadableStream({
      pull: async (controller) => {
        if (index === lengths.length) return controller.close();
        const chunk = index === 0 ? first : await this.#read(this.#key(body.id, index));
        if (chunk?.byteLength !== lengths[index]) {
          const why = "memcached has lost a part of it";
          throw new ClientException(`Cannot read the body of a cached response: ${why}`, body.id);
        }
        first = undefined;
        index++;
        controller.enqueue(chunk!);
      },
    }, { highWaterMark: 0 });
  }

  async #read(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return await this.#bytes.get<Uint8Array<ArrayBuffer>>(key);
  }

  #key(id: string, index: number): string {
    return `${this.#prefix}${BODY}${id}:${index}`;
  }
}

/**
 * Cancels a body that will not be read. It does not wait for the cancellation: a clone's body ends only when the other
 * clone has been read. Errors of such a body are ignored on purpose.
 */
export function giveUp(body: BodyReader | ReadableStream | null | undefined): void {
  body?.cancel().catch(() => {});
}

function chunkLengths(body: BodyPlace): number[] {
  const { byteLength, chunkByteLength } = body;
  const count = Math.ceil(byteLength / chunkByteLength);
  return Array.from(
    { length: count },
    (_, i) => Math.min(chunkByteLength, byteLength - i * chunkByteLength),
  );
}

/** Cuts a body into chunks of equal length; the last one may be shorter. Each chunk is valid until the next is read. */
async function* chunksOf(reader: BodyReader, byteLength: number): AsyncGenerator<Uint8Array> {
  let buffer = new Uint8Array(Math.min(byteLength, FIRST_BUFFER));
  let filled = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const bytes = await bytesOf(read.value);
    for (let at = 0; at < bytes.byteLength;) {
      const part = bytes.subarray(at, at + byteLength - filled);
      buffer = grown(buffer, filled + part.byteLength, byteLength);
      buffer.set(part, filled);
      at += part.byteLength;
      filled += part.byteLength;
      if (filled < byteLength) continue;
      yield buffer;
      filled = 0;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

/** Makes a buffer larger, up to `most` bytes. */
function grown(
  buffer: Uint8Array<ArrayBuffer>,
  byteLength: number,
  most: number,
): Uint8Array<ArrayBuffer> {
  if (byteLength <= buffer.byteLength) return buffer;
  const larger = new Uint8Array(Math.min(most, Math.max(byteLength, 2 * buffer.byteLength)));
  larger.set(buffer);
  return larger;
}

/**
 * The bytes of a stream's chunk. The runtime decides which chunks it accepts besides `Uint8Array`: Bun takes strings
 * and views, the others throw a `TypeError`.
 */
async function bytesOf(chunk: unknown): Promise<Uint8Array> {
  // One that has been transferred elsewhere is empty, too, and an error.
  if (chunk instanceof Uint8Array && chunk.byteLength > 0) return chunk;
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(chunk);
      controller.close();
    },
  });
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
