/** A transport that speaks TLS. @module */

import { closedUnheard, type Expected, tlsFault } from "./tls_fault.ts";
import type { Transport } from "./transport.ts";

/** An open connection behind its TLS handshake. */
export interface TlsSocket {
  /** Reads into `into`; resolves to the number of bytes, or `null` at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of `bytes` and resolves to how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Closes both directions at once. */
  close(): void;
}

/**
 * A connection that speaks TLS. What a server of TLS 1.3 thinks of a client certificate it tells only after
 * the handshake: until something else has come, reading and writing fail with that.
 */
export class TlsTransport implements Transport {
  readonly #socket: TlsSocket;
  readonly #expected: Expected;
  #isHeard = false;
  #isClosed = false;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  constructor(socket: TlsSocket, expected: Expected) {
    this.#socket = socket;
    this.#expected = expected;
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#readable ??= new ReadableStream({
      type: "bytes",
      autoAllocateChunkSize: 1 << 16,
      pull: (controller) => this.#pull(controller),
    });
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= new WritableStream({
      write: async (chunk) => {
        for (let written = 0; written < chunk.length;) {
          written += await this.write(chunk.subarray(written));
        }
      },
    });
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#isHeard ? this.#socket.read(into) : this.#readFirst(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    const written = this.#socket.write(bytes);
    return this.#isHeard ? written : written.catch((error) => this.#fail(error));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }

  async #readFirst(into: Uint8Array): Promise<number | null> {
    const count = await this.#socket.read(into).catch((error) => this.#fail(error));
    if (count === null) throw closedUnheard(this.#expected);
    this.#isHeard = true;
    return count;
  }

  #fail(error: unknown): never {
    const fault = tlsFault(error, this.#expected);
    throw fault === error ? closedUnheard(this.#expected, error) : fault;
  }

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    const request = controller.byobRequest!;
    const count = await this.read(request.view as Uint8Array<ArrayBuffer>);
    if (count === null) controller.close();
    request.respond(count ?? 0);
  }
}
