/**
 * As much of Node's sockets as is used here. Their own declarations are a package, which everybody who uses
 * this one would have to have.
 *
 * @module
 */

/** Has a socket read into a buffer of ours, which is faster than its events. */
export interface OnRead {
  /** Gives the buffer for the next read. */
  readonly buffer: () => Uint8Array;
  /** Takes what was read; `false` pauses the socket. */
  readonly callback: (count: number, buffer: Uint8Array) => boolean;
}

/** What a socket is opened with. */
export interface SocketOptions {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  /** Of which version the host's address has to be. */
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
  /** Of a socket that speaks TLS; `true` for those that vouch for it as well. */
  getPeerCertificate?(isDetailed: boolean): PeerCertificate;
  setNoDelay(noDelay: boolean): this;
  setKeepAlive(keepAlive: boolean): this;
}

/** A server's certificate, as far as it is looked at here. */
export interface PeerCertificate {
  /** The certificate in DER. */
  readonly raw: Uint8Array<ArrayBuffer>;
  /** When its validity begins, and when it ends, as `Date` reads it. */
  readonly "valid_from": string;
  readonly "valid_to": string;
  /** The certificate of the one who has issued it, where the server shows that; its own at the end. */
  readonly issuerCertificate?: PeerCertificate;
}

/** What is different where TLS is spoken. */
export interface TlsManner {
  /** Whether a socket that is paused says afterwards that it has ended; on Deno it does not. */
  readonly canPause: boolean;
  /** Says what an error means. */
  explain(error: unknown): unknown;
  /** Says why the server may have closed the connection before it sent anything. */
  closedUnheard(cause: unknown): unknown;
}
