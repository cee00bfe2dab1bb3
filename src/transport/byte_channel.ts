/** Reads and writes a transport in chunks, as connections need it. @module */

import { SocketError } from "../errors.ts";
import { systemClock } from "../waiting.ts";
import { keepingProcess } from "../waiting/timers.ts";
import { afterTurn } from "./event_loop.ts";
import { LARGE_VACANCY, READ_SIZE } from "./runtime.ts";
import type { Directions } from "./stream_directions.ts";
import type { Receiver, Transport } from "./transport.ts";

/** How many times in a row a transport may move no bytes before it counts as broken. */
const MOST_IDLE = 100;

/** How many milliseconds to wait for a transport to close: a caller's own transport may never resolve. */
export const LONGEST_CLOSE: number = 1000;

/** How many milliseconds a transport gets to close before a pending write is aborted. */
const CLOSE_GRACE = 50;

/** An open socket that is read and written in chunks. */
export interface ByteChannel {
  /**
   * Reads the next chunk, which is valid until the next read. Only one read at a time, and none after {@linkcode
   * receive}.
   *
   * @returns The chunk, or `undefined` at the end of the stream.
   */
  read(): Promise<Uint8Array | undefined>;
  /** Passes all further bytes to a receiver; resolves at the end of the stream. */
  receive(receiver: Receiver): Promise<void>;
  /**
   * Writes some of the bytes, which must not change until the promise settles. Resolves to how many: for {@linkcode
   * checkCount}, since it is what the transport reports.
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Gives the transport back, which can then be used otherwise. Nothing may be read or written meanwhile. */
  release(): void;
  /** Closes both directions, and ends a pending `read` or `receive`. */
  close(): Promise<void>;
  /** Makes the socket keep the process alive, which is the initial state. */
  ref(): void;
  /** Lets the process end while the socket is open, if the transport supports it. */
  unref(): void;
}

/**
 * Makes a channel of a transport.
 *
 * @param transport The open transport; the channel takes ownership.
 * @param direct Whether to use the transport's own methods instead of its streams, if it has them.
 * @throws {TypeError} When the transport's streams are already locked.
 */
export async function openChannel(transport: Transport, direct: boolean): Promise<ByteChannel> {
  if (direct && transport.read !== undefined && transport.write !== undefined) {
    return new Channel(transport, openDirect(transport as DirectTransport));
  }
  const { openStreams } = await import("./stream_directions.ts");
  return new Channel(transport, openStreams(transport));
}

type DirectTransport = Transport & Required<Pick<Transport, "read" | "write">>;

class Channel implements ByteChannel {
  readonly #transport: Transport;
  readonly #directions: Directions;
  #isClosed = false;
  /** Ends a pending read: the transport itself may never settle it. */
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

  write(bytes: Uint8Array): Promise<number> {
    try {
      return Promise.resolve(this.#directions.write(bytes));
    } catch (error) {
      // A caller's own transport may throw.
      return Promise.reject(error);
    }
  }

  release(): void {
    this.#directions.release?.();
  }

  async close(): Promise<void> {
    const { abortWriting, cancelReading } = this.#directions;
    this.#isClosed = true;
    try {
      const closed = this.#transport.close();
      if (closed === undefined) return void abortWriting?.().catch(() => {});
      const closing = Promise.resolve(closed);
      if (abortWriting !== undefined) {
        // A worker's socket closes when everything is written, or when it is aborted. If it is aborted while it closes,
        // workerd keeps it open until the request ends.
        const abort = () => void abortWriting().catch(() => {});
        await inTime(closing, CLOSE_GRACE).finally(abort);
      }
      await inTime(closing, LONGEST_CLOSE);
    } finally {
      // The streams may have failed; the connection has received that error from its own read or write.
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

  /** Passes chunks to the receiver. A large value is read directly into its own buffer. */
  async #pour(receiver: Receiver): Promise<void> {
    const { read, chunkOf } = this.#directions;
    while (true) {
      const { vacancy } = receiver;
      const isLarge = vacancy !== undefined && vacancy.length >= LARGE_VACANCY;
      const into = isLarge ? vacancy : undefined;
      let chunk = chunkOf(await read(into));
      if (chunk?.length === 0) chunk = await this.#readSome(into, 1);
      if (chunk === undefined || this.#isClosed) return;
      if (chunk.buffer === into?.buffer) receiver.filled(chunk.length);
      else receiver.push(chunk);
    }
  }

  /**
   * Reads the next chunk that is not empty: an empty chunk is not the end.
   *
   * @param into A buffer for the bytes.
   * @param idle How many empty chunks have come before.
   */
  async #readSome(into: Uint8Array<ArrayBuffer> | undefined, idle = 0): Promise<
    Uint8Array | undefined
  > {
    while (true) {
      if (idle > 0) await restAfter(idle, "gives");
      const { read, chunkOf } = this.#directions;
      const chunk = chunkOf(await read(into));
      if (chunk?.length !== 0 || this.#isClosed) return chunk;
      idle++;
    }
  }
}

/** Writes all bytes, however many a write takes. */
export async function writeAll(
  to: Pick<ByteChannel, "write">,
  bytes: Uint8Array,
): Promise<void> {
  for (let written = 0, idle = 0; written < bytes.length;) {
    if (idle > 0) await restAfter(idle, "takes");
    const rest = written === 0 ? bytes : bytes.subarray(written);
    const count = checkCount(await to.write(rest), rest.length);
    idle = count === 0 ? idle + 1 : 0;
    written += count;
  }
}

function openDirect(transport: DirectTransport): Directions<number | null> {
  let buffer: Uint8Array<ArrayBuffer> | undefined;
  let into: Uint8Array;
  return {
    read: (given) => transport.read(into = given ?? (buffer ??= new Uint8Array(READ_SIZE))),
    chunkOf: (count) =>
      count === null ? undefined : into.subarray(0, checkCount(count, into.length)),
    write: (bytes) => transport.write(bytes),
    ...(transport.receive === undefined ? {} : { receive: transport.receive.bind(transport) }),
  };
}

/** Checks the number of bytes that a transport reports. */
export function checkCount(count: number, most: number): number {
  if (Number.isInteger(count) && count >= 0 && count <= most) return count;
  throw new SocketError(`the transport reports that it has moved ${count} of ${most} bytes`);
}

/**
 * Checks how many times in a row a transport has moved no bytes.
 *
 * @throws {SocketError} When it counts as broken.
 */
export function checkIdle(idle: number, does: "gives" | "takes"): void {
  if (idle > MOST_IDLE) throw new SocketError(`the transport ${does} nothing, again and again`);
}

/** Waits a moment after a transport has moved no bytes, `idle` times in a row. */
async function restAfter(idle: number, does: "gives" | "takes"): Promise<void> {
  checkIdle(idle, does);
  await new Promise<void>((resolve) => afterTurn(resolve));
}

/** Closes a transport, and waits for it, but not for ever. */
export async function closeInTime(transport: Transport): Promise<void> {
  const closed = transport.close();
  if (closed !== undefined) await inTime(Promise.resolve(closed), LONGEST_CLOSE);
}

/**
 * Waits for a promise, up to a time limit, and keeps the process alive meanwhile.
 *
 * @param promise The promise; if it is rejected within the time, so is the result.
 * @param milliseconds The time limit.
 */
export function inTime(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = keepingProcess(systemClock).after(milliseconds, resolve);
    promise.then(() => resolve(), reject).finally(cancel);
  });
}
