/** A transport as the connection uses it: chunks in, chunks out. @module */

import { LARGE_VACANCY, READ_SIZE } from "./runtime.ts";
import type { Receiver, Transport } from "./transport.ts";

/** One open socket, read and written chunk by chunk. */
export interface ByteChannel {
  /** Hands over what comes; resolves at the end of the stream. */
  receive(receiver: Receiver): Promise<void>;
  /** Writes all chunks in order; they are lent until the promise settles. */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Ends both directions, and so a `receive` that waits. */
  close(): Promise<void>;
}

/**
 * Makes a channel of a transport.
 *
 * @param transport The open transport; the channel owns it from now on.
 * @param direct Whether to use the transport's own ways round its streams where it has them.
 */
export function openChannel(transport: Transport, direct: boolean): ByteChannel {
  const { read, write, receive } = transport;
  if (direct && write !== undefined && (receive ?? read) !== undefined) {
    return new DirectChannel(transport as DirectTransport);
  }
  return new StreamChannel(transport);
}

type DirectTransport = Transport & Required<Pick<Transport, "write">>;

class DirectChannel implements ByteChannel {
  readonly #transport: DirectTransport;

  constructor(transport: DirectTransport) {
    this.#transport = transport;
  }

  receive(receiver: Receiver): Promise<void> {
    if (this.#transport.receive !== undefined) return this.#transport.receive(receiver);
    return readInto(receiver, this.#transport as Required<Transport>);
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      let written = await this.#transport.write(chunk);
      while (written < chunk.length) {
        written += await this.#transport.write(chunk.subarray(written));
      }
    }
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }
}

/** Reads into one buffer, or straight into where a large value belongs. */
async function readInto(receiver: Receiver, transport: Required<Transport>): Promise<void> {
  const buffer = new Uint8Array(READ_SIZE);
  while (true) {
    const { vacancy } = receiver;
    const isLarge = vacancy !== undefined && vacancy.length >= LARGE_VACANCY;
    const count = await transport.read(isLarge ? vacancy : buffer);
    if (count === null) return;
    if (isLarge) receiver.filled(count);
    else receiver.push(buffer.subarray(0, count));
  }
}

class StreamChannel implements ByteChannel {
  readonly #transport: Transport;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #read: () => Promise<ReadableStreamReadResult<Uint8Array>>;
  readonly #cancel: () => Promise<void>;
  #isClosed = false;
  #end = (): void => {};

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#writer = transport.writable.getWriter();
    // The stream's failure reaches whoever writes; nobody waits for `closed` as well.
    this.#writer.closed.catch(() => {});
    const reader = openReader(transport.readable);
    this.#read = reader.read;
    this.#cancel = reader.cancel;
  }

  receive(receiver: Receiver): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#pour(receiver).then(resolve, reject);
    });
  }

  async #pour(receiver: Receiver): Promise<void> {
    for (let result; !(result = await this.#read()).done && !this.#isClosed;) {
      const { buffer, byteOffset, byteLength } = result.value;
      // Node's streams hand over Buffers, whose slices are no copies.
      receiver.push(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
    }
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      // A stream may keep what it was given beyond the write, a TransformStream does: it gets a copy.
      await this.#writer.write(chunk.slice());
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    try {
      const closed = this.#transport.close();
      // A worker's socket is closed when all is written, or given up.
      this.#giveUp(() => this.#writer.abort());
      await closed;
    } finally {
      await this.#giveUp(this.#cancel);
      // In Bun 1.2 a read into a buffer waits on when its stream is cancelled.
      this.#end();
    }
  }

  /** The streams of a closed socket may have failed by now: the connection has had that from its own read or write. */
  async #giveUp(stream: () => Promise<void>): Promise<void> {
    await Promise.allSettled([stream()]);
  }
}

interface Reader {
  read(): Promise<ReadableStreamReadResult<Uint8Array>>;
  cancel(): Promise<void>;
}

/** Reads a byte stream into one buffer that goes back and forth, any other as its chunks come. */
function openReader(readable: ReadableStream<Uint8Array>): Reader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = readable.getReader({ mode: "byob" });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const reader = readable.getReader();
    return { read: () => reader.read(), cancel: () => reader.cancel() };
  }
  let buffer = new ArrayBuffer(READ_SIZE);
  return {
    async read() {
      const result = await reader.read(new Uint8Array(buffer));
      if (result.value !== undefined) buffer = result.value.buffer;
      return result as ReadableStreamReadResult<Uint8Array>;
    },
    cancel: () => reader.cancel(),
  };
}
