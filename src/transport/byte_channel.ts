/** A transport as connections use it: chunks in, chunks out. @module */

import { SocketError } from "../errors.ts";
import { systemClock } from "../waiting.ts";
import { afterTurn } from "./runtime.ts";
import type { Receiver, Transport } from "./transport.ts";

/** How much is read at a time: larger ones gain little, and chunks of the runtimes' streams are smaller. */
export const READ_SIZE: number = 1 << 17;

/** From here on it pays to read into a vacancy, though it may take a read more. */
export const LARGE_VACANCY: number = 1 << 17;

/** A transport that moves nothing so many times in a row is taken for broken. */
const MOST_IDLE = 100;

/** Milliseconds that closing is waited for: a caller's own transport may never say that it is closed. */
export const LONGEST_CLOSE: number = 1000;

/** One open socket, read and written chunk by chunk. */
export interface ByteChannel {
  /**
   * Reads the next chunk, which is lent until the next read. One read at a time, and none after
   * {@linkcode receive}.
   *
   * @returns The chunk, or `undefined` at the end of the stream.
   */
  read(): Promise<Uint8Array | undefined>;
  /** Hands over all that comes from now on; resolves at the end of the stream. */
  receive(receiver: Receiver): Promise<void>;
  /** Writes all chunks in order; they are lent until the promise settles. */
  write(chunks: readonly Uint8Array[]): Promise<void>;
  /** Ends both directions, and with them a `read` or a `receive` that waits. */
  close(): Promise<void>;
  /** Has the socket keep the process alive, as it does from the beginning. */
  ref(): void;
  /** Lets the process end although the socket is open, where the transport can. */
  unref(): void;
}

/**
 * Makes a channel of a transport.
 *
 * @param transport The open transport; the channel owns it from now on.
 * @param direct Whether to use the transport's own ways round its streams where it has them.
 * @throws {TypeError} When the transport's streams are somebody else's already.
 */
export function openChannel(transport: Transport, direct: boolean): ByteChannel {
  const isDirect = direct && transport.read !== undefined && transport.write !== undefined;
  return new Channel(
    transport,
    isDirect ? openDirect(transport as DirectTransport) : openStreams(transport),
  );
}

type DirectTransport = Transport & Required<Pick<Transport, "read" | "write">>;

/** Both directions of a transport. */
interface Directions {
  /** Reads a chunk, where it may be put if the transport can; `undefined` at the end. */
  readonly read: (into: Uint8Array<ArrayBuffer> | undefined) => Promise<Uint8Array | undefined>;
  /** Writes some of the bytes, and resolves to how many. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /** Has the socket call for each chunk, where it can. */
  readonly receive?: (receiver: Receiver) => Promise<void>;
  /** Ends a write that waits. */
  readonly abortWriting?: () => Promise<void>;
  /** Ends a read that waits. */
  readonly cancelReading?: () => Promise<void>;
}

class Channel implements ByteChannel {
  readonly #transport: Transport;
  readonly #directions: Directions;
  #isClosed = false;
  /** Ends what waits to read, which the transport itself may leave waiting. */
  #endReading = (): void => {};

  constructor(transport: Transport, directions: Directions) {
    this.#transport = transport;
    this.#directions = directions;
  }

  read(): Promise<Uint8Array | undefined> {
    return this.#untilClosed(this.#readSome(undefined));
  }

  async receive(receiver: Receiver): Promise<void> {
    const { receive } = this.#directions;
    await this.#untilClosed(receive?.(receiver) ?? this.#pour(receiver));
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      const count = await this.#directions.write(chunk);
      if (count !== chunk.length) await this.#writeRest(chunk, count);
    }
  }

  async close(): Promise<void> {
    const { abortWriting, cancelReading } = this.#directions;
    this.#isClosed = true;
    try {
      const closed = this.#transport.close();
      // A worker's socket is closed when all is written, or given up.
      abortWriting?.().catch(() => {});
      if (closed !== undefined) await inTime(Promise.resolve(closed), LONGEST_CLOSE);
    } finally {
      // Its streams may have failed by now: the connection has had that from its own read or write.
      if (cancelReading !== undefined) {
        await inTime(Promise.allSettled([cancelReading()]), LONGEST_CLOSE);
      }
      this.#endReading();
    }
  }

  ref(): void {
    this.#transport.ref?.();
  }

  unref(): void {
    this.#transport.unref?.();
  }

  #untilClosed<Result>(reading: Promise<Result>): Promise<Result | undefined> {
    return new Promise((resolve, reject) => {
      this.#endReading = () => resolve(undefined);
      reading.then(resolve, reject);
    });
  }

  /** Hands over chunk by chunk; a large value comes straight into where it belongs. */
  async #pour(receiver: Receiver): Promise<void> {
    while (true) {
      const { vacancy } = receiver;
      const isLarge = vacancy !== undefined && vacancy.length >= LARGE_VACANCY;
      const into = isLarge ? vacancy : undefined;
      let chunk = await this.#directions.read(into);
      if (chunk?.length === 0) chunk = await this.#readSome(into, 1);
      if (chunk === undefined || this.#isClosed) return;
      if (chunk.buffer === into?.buffer) receiver.filled(chunk.length);
      else receiver.push(chunk);
    }
  }

  /**
   * Reads what is not nothing: an empty chunk is no end.
   *
   * @param into Where the bytes may be put.
   * @param idle How many empty chunks there have been.
   */
  async #readSome(into: Uint8Array<ArrayBuffer> | undefined, idle = 0): Promise<
    Uint8Array | undefined
  > {
    while (true) {
      if (idle > 0) await restAfter(idle, "gives");
      const chunk = await this.#directions.read(into);
      if (chunk?.length !== 0 || this.#isClosed) return chunk;
      idle++;
    }
  }

  async #writeRest(chunk: Uint8Array, count: number): Promise<void> {
    let written = checkCount(count, chunk.length);
    for (let idle = count === 0 ? 1 : 0; written < chunk.length;) {
      if (idle > 0) await restAfter(idle, "takes");
      const rest = chunk.subarray(written);
      const count = checkCount(await this.#directions.write(rest), rest.length);
      idle = count === 0 ? idle + 1 : 0;
      written += count;
    }
  }
}

function openDirect(transport: DirectTransport): Directions {
  let buffer: Uint8Array<ArrayBuffer> | undefined;
  return {
    read(given) {
      const into = given ?? (buffer ??= new Uint8Array(READ_SIZE));
      return transport.read(into).then((count) =>
        count === null ? undefined : into.subarray(0, checkCount(count, into.length))
      );
    },
    write: (bytes) => transport.write(bytes),
    ...(transport.receive === undefined ? {} : { receive: transport.receive.bind(transport) }),
  };
}

function openStreams({ readable, writable }: Transport): Directions {
  const writer = writable.getWriter();
  // A failure of the stream reaches the one who writes: nobody waits for `closed` as well.
  writer.closed.catch(() => {});
  const { read, cancel } = openReader(readable);
  return {
    read,
    async write(bytes) {
      // A stream may keep what it was given beyond the write, a TransformStream does: it gets a copy.
      await writer.write(bytes.slice());
      return bytes.length;
    },
    abortWriting: () => writer.abort(),
    cancelReading: cancel,
  };
}

interface Reader {
  read(): Promise<Uint8Array | undefined>;
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
    return { read: async () => bytesOf(await reader.read()), cancel: () => reader.cancel() };
  }
  let buffer = new ArrayBuffer(READ_SIZE);
  return {
    async read() {
      const result = await reader.read(new Uint8Array(buffer));
      if (result.value !== undefined) buffer = result.value.buffer;
      return bytesOf(result);
    },
    cancel: () => reader.cancel(),
  };
}

/** What was read, as bytes and nothing else: Node's streams hand over Buffers, whose slices are no copies. */
function bytesOf(result: ReadableStreamReadResult<Uint8Array>): Uint8Array | undefined {
  if (result.done) return undefined;
  const { buffer, byteOffset, byteLength } = result.value;
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** Checks how many bytes a transport says that it has moved. */
export function checkCount(count: number, most: number): number {
  if (Number.isInteger(count) && count >= 0 && count <= most) return count;
  throw new SocketError(`the transport says that it has moved ${count} of ${most} bytes`);
}

/** Lets others run after a transport has moved nothing, so many times in a row. */
export async function restAfter(idle: number, does: "gives" | "takes"): Promise<void> {
  if (idle > MOST_IDLE) throw new SocketError(`the transport ${does} nothing, again and again`);
  await new Promise<void>((resolve) => afterTurn(resolve));
}

/**
 * Waits for a promise, but not for ever.
 *
 * @param promise What is waited for; where it is rejected in time, so is the outcome.
 * @param milliseconds How long it is waited for.
 */
export function inTime(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = systemClock.after(milliseconds, resolve);
    promise.then(() => resolve(), reject).finally(cancel);
  });
}
