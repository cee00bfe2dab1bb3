/** What a connection needs of the network. @module */

/**
 * An open, bidirectional stream of bytes: what `Deno.connect` and the sockets of edge runtimes
 * already return.
 */
export interface Transport {
  /** What the server sends. A byte stream is read into one reused buffer. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What the client sends. A chunk is the stream's to keep once it has been written. */
  readonly writable: WritableStream<Uint8Array>;
  /** Closes both directions at once, whatever is under way. */
  close(): void | Promise<void>;
  /**
   * A way round `readable`, as Deno's connections have one: reads into `into` and resolves to the
   * number of bytes, or `null` at the end.
   */
  read?(into: Uint8Array): Promise<number | null>;
  /** A way round `writable`: writes some of `bytes` and resolves to how many. */
  write?(bytes: Uint8Array): Promise<number>;
}

/** Where a server listens, and how to talk to it. */
export interface Endpoint {
  /** Host name or IP address, without brackets. Absent for a unix socket. */
  readonly hostname?: string;
  /** TCP port. */
  readonly port?: number;
  /** Path of a unix socket. */
  readonly path?: string;
}

/** How a socket is to be set up. */
export interface DialOptions {
  /** Aborts the attempt. */
  readonly signal: AbortSignal;
  /** Whether the system probes an idle TCP connection. */
  readonly keepAlive: boolean;
  /** Whether TCP packets leave at once, instead of waiting for more to send. */
  readonly noDelay: boolean;
}
