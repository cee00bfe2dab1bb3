/** A socket of `node:net`, `node:tls` or Bun as a transport. @module */

import { SocketError } from "../errors.ts";
import { deferred } from "../waiting/promises.ts";
import type { NodeSocket, OnRead, PeerCertificate, TlsManner } from "./node_socket.ts";
import { LARGE_VACANCY, READ_SIZE } from "./runtime.ts";
import type { DialOptions, Receiver, Transport } from "./transport.ts";

/** How many unread bytes the readable stream keeps at most, apart from one chunk. */
const STREAM_CAPACITY = 1 << 16;

/** How many unread bytes are kept at most for a socket that cannot be paused. */
const LONGEST_HELD = 1 << 26;

/** Receives the socket's bytes. */
interface Sink {
  /** The buffer for the next bytes, if they need a certain one. */
  readonly vacancy: Uint8Array | undefined;
  /**
   * Takes bytes, and returns whether there is room for more.
   *
   * @param isLent Whether they are valid only until it returns; otherwise they are in the vacancy.
   */
  take(bytes: Uint8Array, isLent: boolean): boolean;
  /** Called at the end of the input. */
  end(): void;
  /** Called when the input has failed. */
  fail(error: unknown): void;
}

/**
 * The socket reads into one reused buffer, or directly into the buffer of a large value. Bytes that come before they
 * are requested are held, and the socket is paused.
 */
export class NodeTransport implements Transport {
  readonly #socket: NodeSocket;
  readonly #tls: TlsManner | undefined;
  /** Made when Node asks for it: `Bun.connect` never does, and many attempts may fail. */
  #buffer: Uint8Array | undefined;
  readonly #connected = deferred<void>();
  readonly #secured = deferred<void>();
  readonly #closed = deferred<void>();
  #sink: Sink | undefined;
  /** The vacancy for the next bytes. */
  #offered: Uint8Array | undefined;
  /** Bytes that have come and were not requested yet. */
  #held: Uint8Array[] = [];
  #heldLength = 0;
  /** Resolves a pending `read`. */
  #wake = (): void => {};
  #isPaused = false;
  #isHeard = false;
  #hasEnded = false;
  #isClosed = false;
  #isDestroyed = false;
  #failure: unknown;
  #failWrite: ((reason: unknown) => void) | undefined;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  /**
   * @param open Begins to connect a socket.
   * @param tls How a TLS socket differs.
   */
  constructor(open: (onread: OnRead) => NodeSocket, tls?: TlsManner) {
    this.#tls = tls;
    for (const { promise } of [this.#connected, this.#secured]) promise.catch(() => {});
    this.#socket = open({ buffer: this.#nextBuffer, callback: this.#take })
      .on("connect", this.#connect)
      .on("secureConnect", this.#secured.resolve)
      .on("error", (error) => this.#failure ??= this.#tls?.explain(error) ?? error)
      .on("end", this.#end)
      .on("close", this.#close);
  }

  /**
   * Waits for the socket to be connected.
   *
   * @param signal Destroys the socket.
   * @throws The socket's error, or the signal's reason.
   */
  connected(signal: AbortSignal): Promise<void> {
    return this.#unlessAborted(this.#connected.promise, signal);
  }

  /** Waits for the end of the handshake, as {@linkcode connected} waits for the connection. */
  secured(signal: AbortSignal): Promise<void> {
    return this.#unlessAborted(this.#secured.promise, signal);
  }

  /**
   * The server's certificate, with those of its issuers.
   *
   * @throws {SocketError} When there is none, because the handshake has failed.
   */
  certificate(): PeerCertificate {
    const certificate = this.#socket.getPeerCertificate!(true);
    // Bun 1.2 reports a failed handshake as successful.
    if (!certificate) throw this.#failure ?? failedHandshakeError();
    return certificate;
  }

  /** Sets the options of a connected socket. */
  configure({ keepAlive, noDelay }: DialOptions): void {
    this.#socket.setNoDelay(noDelay);
    this.#socket.setKeepAlive(keepAlive);
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#held.length === 0) {
      if (this.#hasEnded) {
        if (this.#reason !== undefined) throw this.#reason;
        return null;
      }
      this.#resume();
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const chunk = this.#unhold();
    const part = chunk.subarray(0, into.length);
    into.set(part);
    if (part.length < chunk.length) this.#hold(chunk.subarray(part.length), true);
    return part.length;
  }

  receive(receiver: Receiver): Promise<void> {
    return new Promise((resolve, reject) => this.#pour(receiverSink(receiver, resolve, reject)));
  }

  /** Resolves when the system has accepted all bytes. */
  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#failWrite = reject;
      this.#socket.write(bytes, (error) => {
        // Node reports success for a write that closing has interrupted.
        if (error || this.#isClosed) reject(error ?? closedError());
        else resolve(bytes.length);
      });
    });
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#readable ??= new ReadableStream({
      type: "bytes",
      start: (controller) => this.#pour(streamSink(controller)),
      pull: () => this.#resume(),
      cancel: () => {
        // A cancelled stream cannot be closed.
        this.#sink = undefined;
        return this.close();
      },
    }, { highWaterMark: STREAM_CAPACITY });
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= new WritableStream({
      write: async (chunk) => void await this.write(chunk),
      close: () => this.#endWriting(),
      abort: () => this.close(),
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#held = [];
    this.#destroy();
    return this.#closed.promise;
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  async #unlessAborted(event: Promise<void>, signal: AbortSignal): Promise<void> {
    const abort = () => {
      this.#failure ??= signal.reason;
      this.#destroy();
    };
    signal.addEventListener("abort", abort);
    try {
      if (signal.aborted) abort();
      await event;
    } catch (error) {
      // Bun 1.2 reports a socket as closed, and keeps it open, when it does not accept the server's certificate.
      this.#destroy();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Bun 1.2's `destroy` only ends the socket, and then waits for a server that may hang. */
  #destroy(): void {
    this.#isDestroyed = true;
    // If the first call has done everything, the second does nothing.
    this.#socket.destroy().resetAndDestroy();
  }

  #endWriting(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.end((error) => error ? reject(error) : resolve());
    });
  }

  readonly #nextBuffer = (): Uint8Array => {
    const vacancy = this.#sink?.vacancy;
    const isLarge = vacancy !== undefined && vacancy.length >= LARGE_VACANCY;
    this.#offered = isLarge ? vacancy : undefined;
    return this.#offered ?? (this.#buffer ??= new Uint8Array(READ_SIZE));
  };

  readonly #take = (count: number, buffer: Uint8Array): boolean => {
    this.#isHeard = true;
    // Bun 1.2 does not ask for a buffer. It passes its own Buffer, whose `slice` does not copy.
    const bytes = new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, count);
    // Bytes that TLS has already decrypted come although the socket is paused.
    if (this.#sink === undefined || this.#isPaused) this.#hold(bytes.slice());
    else if (this.#sink.take(bytes, buffer !== this.#offered)) return true;
    this.#isPaused = true;
    if (this.#tls?.canPause === false) return true;
    // Bun 1.2 also ignores the result of this function.
    this.#socket.pause();
    return false;
  };

  #hold(bytes: Uint8Array, isFirst = false): void {
    if (isFirst) this.#held.unshift(bytes);
    else this.#held.push(bytes);
    this.#heldLength += bytes.length;
    if (this.#heldLength > LONGEST_HELD && this.#tls?.canPause === false) {
      this.#failure ??= new SocketError(
        `${LONGEST_HELD} unread bytes have come, and TLS sockets cannot be paused on this runtime`,
      );
      this.#destroy();
    }
    this.#wake();
  }

  #unhold(): Uint8Array {
    const chunk = this.#held.shift()!;
    this.#heldLength -= chunk.length;
    return chunk;
  }

  /** Bun 1.2 connects a socket even if it has been destroyed. */
  readonly #connect = (): void => {
    if (this.#isDestroyed) this.#destroy();
    else this.#connected.resolve();
  };

  #pour(sink: Sink): void {
    this.#sink = sink;
    this.#resume();
    this.#finish();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    while (this.#sink !== undefined && this.#held.length > 0) {
      if (!this.#sink.take(this.#unhold(), true)) return;
    }
    this.#isPaused = false;
    this.#socket.resume();
    this.#finish();
  }

  /** The error that ended the input; `undefined` if the server has ended it or the client has closed it. */
  get #reason(): unknown {
    // With TLS 1.3, a server refuses a client certificate only after the handshake, sometimes without an alert.
    const isUnheard = this.#tls !== undefined && !this.#isHeard && !this.#isClosed;
    if (!isUnheard || this.#failure instanceof SocketError) return this.#failure;
    return this.#tls.closedUnheard(this.#failure);
  }

  /** Reports the end of the input to the sink, or to the pending read. */
  #finish(): void {
    if (!this.#hasEnded) return;
    this.#wake();
    const sink = this.#sink;
    if (sink === undefined || this.#held.length > 0) return;
    this.#sink = undefined;
    if (this.#reason === undefined) sink.end();
    else sink.fail(this.#reason);
  }

  readonly #end = (): void => {
    this.#hasEnded = true;
    this.#finish();
  };

  readonly #close = (): void => {
    // Bun 1.2 never frees a WritableStream whose sink refers to it.
    this.#writable = undefined;
    this.#end();
    const reason = this.#failure ?? closedError();
    this.#connected.reject(reason);
    this.#secured.reject(reason);
    this.#failWrite?.(reason);
    this.#closed.resolve();
  };
}

function closedError(): SocketError {
  return new SocketError("the socket is closed");
}

function failedHandshakeError(): SocketError {
  return new SocketError("the TLS handshake failed, and the runtime gives no reason");
}

function receiverSink(
  receiver: Receiver,
  end: () => void,
  fail: (error: unknown) => void,
): Sink {
  return {
    get vacancy() {
      return receiver.vacancy;
    },
    take(bytes, isLent) {
      try {
        if (isLent) receiver.push(bytes);
        else receiver.filled(bytes.length);
        return true;
      } catch (error) {
        // An error of the receiver must not be thrown into the socket's event handler.
        fail(error);
        return false;
      }
    },
    end,
    fail,
  };
}

function streamSink(controller: ReadableByteStreamController): Sink {
  return {
    vacancy: undefined,
    take(bytes) {
      controller.enqueue(bytes.slice());
      return controller.desiredSize! > 0;
    },
    end() {
      controller.close();
      // Without this, a pending read into the reader's own buffer would never settle.
      controller.byobRequest?.respond(0);
    },
    fail: (error) => controller.error(error),
  };
}
