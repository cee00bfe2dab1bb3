/** What a connection needs of the network. @module */

/**
 * An open, bidirectional stream of bytes: what `Deno.connect` and the sockets of edge runtimes
 * already return. `readable`, `writable` and `close` are all it needs; the rest are shortcuts.
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
   * number of bytes, or `null` at the end. Goes with `write`.
   */
  read?(into: Uint8Array): Promise<number | null>;
  /** A way round `writable`: writes some of `bytes` and resolves to how many. Goes with `read`. */
  write?(bytes: Uint8Array): Promise<number>;
  /**
   * A way round `readable` for sockets that call when something has come, as Node's do: hands over
   * all that comes from now on, in order, and resolves at its end. Goes with `read` and `write`; once
   * it has been called nothing is read any more.
   */
  receive?(receiver: Receiver): Promise<void>;
  /** Has the socket keep the process alive, as it does from the beginning. Goes with `unref`. */
  ref?(): void;
  /** Lets the process end although the socket is open and somebody waits for what it sends. */
  unref?(): void;
}

/** Takes what a socket receives. */
export interface Receiver {
  /** Takes the next chunk, which is lent until the call returns. */
  push(chunk: Uint8Array): void;
  /** Where the next bytes may be put instead, if anywhere. */
  readonly vacancy: Uint8Array<ArrayBuffer> | undefined;
  /** Learns how many bytes have been put there. */
  filled(count: number): void;
}

/**
 * How TLS is spoken. The server's certificate and its name are always verified.
 *
 * @example An authority of one's own, and a client certificate
 * ```ts
 * import { Client, type TlsOptions } from "@moecache/moecache";
 *
 * async function connect(folder: string): Promise<Client> {
 *   const [authority, cert, key] = await Promise.all(
 *     ["ca.pem", "client.pem", "client.key"].map((name) => Deno.readTextFile(`${folder}/${name}`)),
 *   );
 *   const tls: TlsOptions = { caCerts: [authority!], cert: cert!, key: key! };
 *   return new Client("memcacheds://cache.example.com", { tls });
 * }
 * ```
 */
export interface TlsOptions {
  /** Certificates of authorities to trust, each in PEM, in place of those that the runtime trusts by itself. */
  readonly caCerts?: readonly string[];
  /** The client's own certificate chain in PEM, where the server demands one; goes with `key`. */
  readonly cert?: string;
  /** The private key of `cert` in PEM. */
  readonly key?: string;
  /** The name that the server's certificate must be for; the server's host name by default. */
  readonly serverName?: string;
}

/** Where a server listens, and how to talk to it. */
export interface Endpoint {
  /** Host name or IP address, without brackets. Absent for a unix socket. */
  readonly hostname?: string;
  /** TCP port. */
  readonly port?: number;
  /** Path of a unix socket. */
  readonly path?: string;
  /** Set where TLS is spoken. */
  readonly tls?: TlsOptions;
}

/** How a socket is to be set up. */
export interface DialOptions {
  /** Aborts the attempt. */
  readonly signal: AbortSignal;
  /** Whether the system probes an idle TCP connection. */
  readonly keepAlive: boolean;
  /** Whether TCP packets leave at once, instead of waiting for more to send. */
  readonly noDelay: boolean;
  /**
   * Milliseconds after which the attempt will be aborted, for dialers that give each of a name's
   * addresses a share of them; not given where there is no bound.
   */
  readonly connectTimeout?: number;
}

/** Opens a socket to a server, and fails when the signal says so. */
export type Dial = (endpoint: Endpoint, options: DialOptions) => Promise<Transport>;
