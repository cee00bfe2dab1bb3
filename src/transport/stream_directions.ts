/** Reads and writes a transport through its Web Streams, if it has nothing else. @module */

import "../loaded_already.ts";
import { READ_SIZE } from "./runtime.ts";
import type { Receiver, Transport } from "./transport.ts";

/** Both directions of a transport. */
export interface Directions<Result = unknown> {
  /** Reads, into `into` if the transport can. */
  readonly read: (into: Uint8Array<ArrayBuffer> | undefined) => Promise<Result>;
  /** The chunk of a read that has ended; `undefined` at the end of the stream. Another promise of it would take time. */
  chunkOf(result: Result): Uint8Array | undefined;
  /** Writes some of the bytes, and resolves to how many. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /** Makes the socket call the receiver for each chunk, if it can. */
  readonly receive?: (receiver: Receiver) => Promise<void>;
  /** Ends a pending write. */
  readonly abortWriting?: () => Promise<void>;
  /** Ends a pending read. */
  readonly cancelReading?: () => Promise<void>;
  /** Unlocks the transport, if it is locked. */
  readonly release?: () => void;
}

/** Locks the streams of a transport. */
export function openStreams({ readable, writable }: Transport): Directions<ReadResult> {
  const writer = writable.getWriter();
  // A failure of the stream rejects the write, so `closed` is not awaited.
  writer.closed.catch(() => {});
  const { read, chunkOf, cancel, release } = openReader(readable);
  return {
    read,
    chunkOf,
    async write(bytes) {
      // A stream, such as a TransformStream, may keep the bytes after the write. So it gets a copy.
      await writer.write(bytes.slice());
      return bytes.length;
    },
    abortWriting: () => writer.abort(),
    cancelReading: cancel,
    release() {
      release();
      writer.releaseLock();
    },
  };
}

type ReadResult = ReadableStreamReadResult<Uint8Array>;

interface Reader {
  read(): Promise<ReadResult>;
  chunkOf(result: ReadResult): Uint8Array | undefined;
  cancel(): Promise<void>;
  release(): void;
}

/** Reads a byte stream into one reused buffer, and any other stream as its chunks come. */
function openReader(readable: ReadableStream<Uint8Array>): Reader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = readable.getReader({ mode: "byob" });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const reader = readable.getReader();
    return {
      read: () => reader.read(),
      chunkOf: bytesOf,
      cancel: () => reader.cancel(),
      release: () => reader.releaseLock(),
    };
  }
  let buffer = new ArrayBuffer(READ_SIZE);
  return {
    read: () => reader.read(new Uint8Array(buffer)),
    chunkOf(result) {
      if (result.value !== undefined) buffer = result.value.buffer as ArrayBuffer;
      return bytesOf(result);
    },
    cancel: () => reader.cancel(),
    release: () => reader.releaseLock(),
  };
}

/** The result as a plain Uint8Array: Node's streams return Buffers, whose `slice` does not copy. */
function bytesOf(result: ReadResult): Uint8Array | undefined {
  if (result.done) return undefined;
  const { buffer, byteOffset, byteLength } = result.value;
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
