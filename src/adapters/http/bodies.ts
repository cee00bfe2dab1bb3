/** Bodies of responses, in chunks that memcached takes. @module */

import { type Client, ClientException, type Exptime } from "../../../mod.ts";
import type { BodyPlace } from "./entry.ts";
import { byteLengthOf, readBytes, writeBytes } from "./items.ts";

/** For how many seconds a body is kept that has been replaced, for those who are reading it. */
const GRACE = 60;

/** The bodies of one cache. A chunk belongs to one body for ever, so no two can be mixed up. */
export class Bodies {
  readonly #client: Client;
  readonly #prefix: string;
  readonly #chunkByteLength: number;

  constructor(client: Client, prefix: string, chunkByteLength: number) {
    this.#client = client;
    this.#prefix = prefix;
    this.#chunkByteLength = chunkByteLength;
  }

  /** Stores a body as it comes, a chunk at a time. After a failure, what is there of it is deleted. */
  async write(stream: ReadableStream<Uint8Array>, exptime: Exptime): Promise<BodyPlace> {
    const id = crypto.randomUUID();
    const chunkByteLength = this.#chunkByteLength;
    let byteLength = 0;
    let index = 0;
    try {
      for await (const chunk of chunksOf(stream, chunkByteLength)) {
        await writeBytes(this.#client, this.#key(id, index++), chunk, exptime);
        byteLength += chunk.byteLength;
      }
    } catch (error) {
      await this.forget({ id, byteLength: index * chunkByteLength, chunkByteLength }, error);
      throw error;
    }
    return { id, byteLength, chunkByteLength };
  }

  /**
   * Opens a body: its first chunk is read, and the others are looked for.
   *
   * @returns A stream that reads a chunk when it is asked for one, and fails when that is gone by then;
   * `undefined` when a part of the body is gone already.
   */
  async open(body: BodyPlace): Promise<ReadableStream<Uint8Array<ArrayBuffer>> | undefined> {
    const lengths = chunkLengths(body);
    const [first, ...others] = await Promise.all(lengths.map((_, i) => {
      const key = this.#key(body.id, i);
      return i === 0 ? this.#read(key) : byteLengthOf(this.#client, key);
    })) as [Uint8Array<ArrayBuffer> | undefined, ...(number | undefined)[]];
    if (lengths.length > 0 && first?.byteLength !== lengths[0]) return undefined;
    if (others.some((length, i) => length !== lengths[i + 1])) return undefined;
    return this.#stream(body, lengths, first);
  }

  /** Lets memcached forget a body soon. */
  async retire(body: BodyPlace): Promise<void> {
    const keys = chunkLengths(body).map((_, i) => this.#key(body.id, i));
    await Promise.all(keys.map((key) => this.#client.touch(key, GRACE)));
  }

  /**
   * Deletes a body that nothing is going to refer to.
   *
   * @throws {AggregateError} When that fails, too; it carries the cause.
   */
  async forget(body: BodyPlace, cause: unknown): Promise<void> {
    const keys = chunkLengths(body).map((_, i) => this.#key(body.id, i));
    try {
      await this.#client.deleteMany(keys);
    } catch (error) {
      throw new AggregateError(
        [cause, error],
        "Cannot store a body, nor delete what is there of it",
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
          const why = "memcached has lost a part of it meanwhile";
          throw new ClientException(`Cannot read the body of a cached response: ${why}`, body.id);
        }
        first = undefined;
        index++;
        controller.enqueue(chunk!);
      },
    }, { highWaterMark: 0 });
  }

  async #read(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return (await readBytes(this.#client, key))?.bytes;
  }

  #key(id: string, index: number): string {
    return `${this.#prefix}body:${id}:${index}`;
  }
}

/**
 * Tells the origin of a body that nobody will read it. Nobody waits for the answer: that of a clone comes
 * only when the other one has been read. What it fails with concerns a body that is not wanted.
 */
export function giveUp(stream: ReadableStream<Uint8Array> | null): void {
  stream?.cancel().catch(() => {});
}

function chunkLengths(body: BodyPlace): number[] {
  const { byteLength, chunkByteLength } = body;
  const count = Math.ceil(byteLength / chunkByteLength);
  return Array.from(
    { length: count },
    (_, i) => Math.min(chunkByteLength, byteLength - i * chunkByteLength),
  );
}

/** Cuts a stream anew, into chunks of one length and a last one that may be shorter. */
async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
  byteLength: number,
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(byteLength);
  const reader = stream.getReader();
  let filled = 0;
  let isDone = false;
  try {
    while (!isDone) {
      const { value = new Uint8Array(0), done } = await reader.read();
      isDone = done;
      for (let at = 0; at < value.byteLength;) {
        const part = value.subarray(at, at + byteLength - filled);
        buffer.set(part, filled);
        at += part.byteLength;
        filled += part.byteLength;
        if (filled < byteLength) continue;
        yield buffer;
        filled = 0;
      }
    }
    if (filled > 0) yield buffer.subarray(0, filled);
  } finally {
    // Whoever gives up in the middle tells the origin so.
    reader.releaseLock();
    if (!isDone) giveUp(stream);
  }
}
