/** A socket of `node:net` as a transport. @module */

import { LARGE_VACANCY, READ_SIZE } from "./runtime.ts";
import { deferred } from "../waiting.ts";
import { SocketError } from "../errors.ts";
import type { NodeSocket, OnRead } from "./node_modules.ts";
import { closedUnheard, type Expected, tlsFault } from "./tls_fault.ts";
import type { DialOptions, Receiver, Transport } from "./transport.ts";

/** What the readable stream keeps at most of what nobody has read, but for one chunk. */
const STREAM_CAPACITY = 1 << 16;

/** Says what is wrong with whom a certificate is for, if anything is. */
export type Identify = (certificate: unknown) => Error | undefined;

/** Where what comes goes to. */
interface Sink {
  /** Where the next bytes are to be put, if it matters. */
  readonly vacancy: Uint8Array | undefined;
  /**
   * Takes bytes, and tells whether there is room for more.
   *
   * @param isLent Whether they are good until it returns only; else they are in the vacancy.
   */
  take(bytes: Uint8Array, isLent: boolean): boolean;
  /** Is told that nothing more comes. */
  end(): void;
  /** Is told that nothing more comes, and why. */
  fail(error: unknown): void;
}

/**
 * Lets the socket read into one buffer of its own, or straight into where a large value belongs. What
 * comes before anybody asks for it is held, and the socket is paused.
 */
export class NodeTransport implements Transport {
  readonly #socket: NodeSocket;
  readonly #buffer = new Uint8Array(READ_SIZE);
  readonly #expected: Expected | undefined;
  readonly #connected = deferred<void>();
  readonly #closed = deferred<void>();
  #sink: Sink | undefined;
  /** The vacancy that the next bytes may come in. */
  #offered: Uint8Array | undefined;
  /** What has come and was not asked for. */
  #held: Uint8Array[] = [];
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
   * @param expected What TLS is to find, where it is spoken.
   */
  constructor(open: (onread: OnRead) => NodeSocket, expected?: Expected) {
    this.#expected = expected;
    this.#connected.promise.catch(() => {});
    this.#socket = open({ buffer: this.#nextBuffer, callback: this.#take })
      .on("connect", this.#checkWanted)
      .on("error", (error) => this.#failure ??= this.#faultOf(error))
      .on("end", this.#end)
      .on("close", this.#close);
  }

  /**
   * Waits for the socket to be connected.
   *
   * @param event Which event tells so.
   * @param signal Destroys the socket.
   * @throws The socket's error, or the signal's reason.
   */
  async connected(event: "connect" | "secureConnect", signal: AbortSignal): Promise<void> {
    this.#socket.on(event, this.#connected.resolve);
    const abort = () => {
      this.#failure ??= signal.reason;
      this.#destroy();
    };
    signal.addEventListener("abort", abort);
    try {
      await this.#connected.promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /**
   * Closes the socket unless the server's certificate is for whom it should be.
   *
   * @throws {SocketError} When it is for somebody else.
   */
  async identified(identify: Identify): Promise<void> {
    try {
      const certificate = this.#socket.getPeerCertificate!();
      // Bun 1.2 takes a handshake that failed for done, and there is no certificate.
      if (!certificate) throw this.#failure ?? failedHandshakeError();
      const error = identify(certificate);
      if (error !== undefined) throw error;
    } catch (error) {
      await this.close();
      throw this.#faultOf(error as Error);
    }
  }

  /** Sets what can be set of a connected socket. */
  configure({ keepAlive, noDelay }: Omit<DialOptions, "signal">): void {
    this.#socket.setNoDelay(noDelay).setKeepAlive(keepAlive);
  }

  receive(receiver: Receiver): Promise<void> {
    return new Promise((resolve, reject) => this.#pour(receiverSink(receiver, resolve, reject)));
  }

  /** Resolves when the system has taken all of it. */
  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#failWrite = reject;
      this.#socket.write(bytes, (error) => {
        // Node calls a write that closing has cut short a success.
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
        // The end of a stream that is cancelled cannot be told to it.
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

  /** Bun 1.2 only ends a socket that is destroyed, which then waits for a server that may hang. */
  #destroy(): void {
    this.#isDestroyed = true;
    // Where the first has done it all, the second does nothing.
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
    return this.#offered ?? this.#buffer;
  };

  readonly #take = (count: number, buffer: Uint8Array): boolean => {
    this.#isHeard = true;
    // Bun 1.2 does not ask for a buffer: it comes with a Buffer of its own, whose slices are no copies.
    const bytes = new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, count);
    // What TLS has decrypted already comes in spite of a pause.
    if (this.#sink === undefined || this.#held.length > 0) this.#held.push(bytes.slice());
    else if (this.#sink.take(bytes, buffer !== this.#offered)) return true;
    this.#isPaused = true;
    // Bun 1.2 does not heed what this returns, either.
    this.#socket.pause();
    return false;
  };

  /** Bun 1.2 connects a socket that was destroyed meanwhile. */
  readonly #checkWanted = (): void => {
    if (this.#isDestroyed) this.#destroy();
  };

  #pour(sink: Sink): void {
    this.#sink = sink;
    this.#resume();
    this.#finish();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    while (this.#held.length > 0) {
      if (!this.#sink!.take(this.#held.shift()!, true)) return;
    }
    this.#isPaused = false;
    this.#socket.resume();
    this.#finish();
  }

  #faultOf(error: Error): unknown {
    return this.#expected === undefined ? error : tlsFault(error, this.#expected);
  }

  /** Tells whom it concerns that nothing more comes. */
  #finish(): void {
    const sink = this.#sink;
    if (sink === undefined || !this.#hasEnded || this.#held.length > 0) return;
    this.#sink = undefined;
    // What a server of TLS 1.3 thinks of a client certificate it tells only after the handshake, if at all.
    if (this.#expected !== undefined && !this.#isHeard && !this.#isClosed) {
      sink.fail(
        this.#failure instanceof SocketError
          ? this.#failure
          : closedUnheard(this.#expected, this.#failure),
      );
    } else if (this.#failure !== undefined) sink.fail(this.#failure);
    else sink.end();
  }

  readonly #end = (): void => {
    this.#hasEnded = true;
    this.#finish();
  };

  readonly #close = (): void => {
    this.#end();
    const reason = this.#failure ?? closedError();
    this.#connected.reject(reason);
    this.#failWrite?.(reason);
    this.#closed.resolve();
  };
}

function closedError(): SocketError {
  return new SocketError("the socket is closed");
}

function failedHandshakeError(): SocketError {
  return new SocketError("the TLS handshake failed, and the runtime does not tell why");
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
        // The socket's own caller has nothing to do with what the receiver makes of it.
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
      // A read into a buffer of the reader's that waits goes on waiting without this.
      controller.byobRequest?.respond(0);
    },
    fail: (error) => controller.error(error),
  };
}
