/** The interface between connections and the network. @module */

/**
 * An open, bidirectional stream of bytes: `Deno.connect` and the sockets of edge runtimes return objects of this form.
 * Only `readable`, `writable` and `close` are required; the other methods make it faster.
 */
export interface Transport {
  /** The stream of bytes from the server. A byte stream is read into one reused buffer. */
  readonly readable: ReadableStream<Uint8Array>;
  /** The stream of bytes to the server. It may keep the chunks that are written to it. */
  readonly writable: WritableStream<Uint8Array>;
  /** Closes both directions at once. */
  close(): void | Promise<void>;
  /**
   * Used instead of `readable`, as in Deno's connections: reads into `into`, and resolves to the number of bytes, or to
   * `null` at the end. Requires `write`.
   */
  read?(into: Uint8Array): Promise<number | null>;
  /** Used instead of `writable`: writes some of `bytes`, and resolves to how many. Requires `read`. */
  write?(bytes: Uint8Array): Promise<number>;
  /**
   * Used instead of `readable` for sockets with callbacks, such as Node's: passes all further bytes to the receiver, in
   * order, and resolves at the end. Requires `read` and `write`. After it has been called, `read` is not called any
   * more.
   */
  receive?(receiver: Receiver): Promise<void>;
  /** Makes the socket keep the process alive, which is the initial state. Requires `unref`. */
  ref?(): void;
  /** Lets the process end while the socket is open and a read is pending. */
  unref?(): void;
}

/** Receives bytes from a socket. */
export interface Receiver {
  /** Receives the next chunk, which is valid until the call returns. */
  push(chunk: Uint8Array): void;
  /** A buffer into which the next bytes may be read instead, if there is one. */
  readonly vacancy: Uint8Array<ArrayBuffer> | undefined;
  /** Called with the number of bytes that were read into it. */
  filled(count: number): void;
}

/**
 * The TLS options. The server's certificate and its name are always verified.
 *
 * @example A private authority, and a client certificate
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
  /** The certificates of trusted authorities, each in PEM. They replace the authorities that the runtime trusts. */
  readonly caCerts?: readonly string[] | undefined;
  /** The client's certificate chain in PEM, if the server requires one. Requires `key`. */
  readonly cert?: string | undefined;
  /** The private key of `cert` in PEM. */
  readonly key?: string | undefined;
  /** The name that the server's certificate must be for; the server's host name by default. */
  readonly serverName?: string | undefined;
}

/** The address of a server: a host name and a port, with TLS options if TLS is used; or the path of a unix socket. */
export type Endpoint =
  | {
    /** The host name or IP address, without brackets. */
    readonly hostname: string;
    /** TCP port. */
    readonly port: number;
    /** Absent. */
    readonly path?: never;
    /** Set if TLS is used. */
    readonly tls?: TlsOptions;
  }
  | {
    /** Absent. */
    readonly hostname?: never;
    /** Absent. */
    readonly port?: never;
    /** Path of a unix socket. */
    readonly path: string;
    /** Absent: unix sockets have no TLS. */
    readonly tls?: never;
  };

/** The address of a server that is no unix socket. */
export type HostEndpoint = Extract<Endpoint, { readonly hostname: string }>;

/** The options for opening a socket. */
export interface DialOptions {
  /** Aborts the attempt. */
  readonly signal: AbortSignal;
  /** Whether to enable TCP keep-alive. */
  readonly keepAlive: boolean;
  /** Whether to enable TCP_NODELAY: packets are sent at once, without waiting for more data. */
  readonly noDelay: boolean;
  /**
   * Milliseconds after which the attempt will be aborted, for dialers that divide this time among a name's addresses;
   * absent when there is no limit.
   */
  readonly connectTimeout?: number;
}

/** Opens a socket to a server. It rejects when the signal is aborted. */
export type Dial = (endpoint: Endpoint, options: DialOptions) => Promise<Transport>;
