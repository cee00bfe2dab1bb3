/** A network without sockets: what `Deno.connect` gives is played from bytes. @module */

/** The part of a connection that the client uses; a script plays the other end. */
export interface PlayedConnection {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** Makes `Deno.connect` give played connections until it is disposed of. */
export class ScriptedNetwork implements Disposable {
  readonly #connect = Deno.connect;

  /** @param dial Makes the next connection. */
  constructor(dial: () => PlayedConnection | Promise<PlayedConnection>) {
    const connect = async () => Object.assign(await dial(), { setNoDelay() {}, setKeepAlive() {} });
    Deno.connect = connect as unknown as typeof Deno.connect;
  }

  [Symbol.dispose](): void {
    Deno.connect = this.#connect;
  }
}

/** Answers the first request with these chunks, and closes. */
export class ReplayedConnection implements PlayedConnection {
  /** Resolves when the client has closed it. */
  readonly closed: Promise<void>;
  readonly #chunks: Iterator<Uint8Array>;
  readonly #asked = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]();
    this.closed = this.#ended.promise;
  }

  async read(into: Uint8Array): Promise<number | null> {
    await this.#asked.promise;
    const { value, done } = this.#chunks.next();
    if (done) return null;
    into.set(value);
    return value.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    this.#asked.resolve();
    return Promise.resolve(bytes.length);
  }

  close(): void {
    this.#ended.resolve();
  }
}
