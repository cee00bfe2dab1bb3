/**
 * The part of Node's sockets that is used here. Their real declarations are in a package that every user of this module
 * would have to install.
 *
 * @module
 */

/** Makes a socket read into our buffer, which is faster than its events. */
export interface OnRead {
  /** Returns the buffer for the next read. */
  readonly buffer: () => Uint8Array;
  /** Receives the bytes; `false` pauses the socket. */
  readonly callback: (count: number, buffer: Uint8Array) => boolean;
}

/** The options for opening a socket. */
export interface SocketOptions {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  /** The required IP version of the host's address. */
  readonly family?: 4 | 6;
  readonly onread: OnRead;
}

/** A `net.Socket` or `tls.TLSSocket`. */
export interface NodeSocket {
  on(event: "connect" | "secureConnect" | "end" | "close", listener: () => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  write(bytes: Uint8Array, written: (error?: Error | null) => void): boolean;
  end(ended: (error?: Error | null) => void): this;
  pause(): this;
  resume(): this;
  destroy(): this;
  resetAndDestroy(): this;
  ref(): this;
  unref(): this;
  /** The server's certificate, for TLS sockets only; with `true`, including its issuers. */
  getPeerCertificate?(isDetailed: boolean): PeerCertificate;
  setNoDelay(noDelay: boolean): this;
  setKeepAlive(keepAlive: boolean): this;
}

/** The part of a server's certificate that is used here. */
export interface PeerCertificate {
  /** The certificate in DER. */
  readonly raw: Uint8Array<ArrayBuffer>;
  /** The beginning and the end of its validity, in a format that `Date` can parse. */
  readonly "valid_from": string;
  readonly "valid_to": string;
  /** The issuer's certificate, if the server has sent it; the last certificate refers to itself. */
  readonly issuerCertificate?: PeerCertificate;
}

/** How a TLS socket differs. */
export interface TlsManner {
  /** Whether a socket that was paused still emits `end` later; on Deno it does not. */
  readonly canPause: boolean;
  /** Translates an error. */
  explain(error: unknown): unknown;
  /** Makes the error for a connection that the server has closed before it sent anything. */
  closedUnheard(cause: unknown): unknown;
}
