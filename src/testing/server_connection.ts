/**
 * What the embedded server asks of a connection, whatever made it.
 *
 * @module
 */

/** A client's connection, as `Deno.listen` and `Deno.listenTls` give it. */
export interface ServerConnection {
  /** The client's address. */
  readonly remoteAddr: SocketAddress;
  /** Reads at most as many bytes as fit; resolves to `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes at least a byte, and resolves to how many it wrote. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends the connection. */
  close(): void;
  /** Sends small replies at once, where the connection is one that would wait. */
  setNoDelay?(noDelay?: boolean): void;
}

/** What accepts connections, as `Deno.listen` and `Deno.listenTls` return it. */
export interface ServerListener extends AsyncIterable<ServerConnection> {
  /** Where it listens. */
  readonly addr: SocketAddress;
  /** Stops listening, which ends the iteration. */
  close(): void;
}

/** One end of a connection: a hostname and a port, or the path of a unix socket. */
export interface SocketAddress {
  /** Name or IP address. */
  readonly hostname?: string;
  /** Port number. */
  readonly port?: number;
  /** Path of a unix socket. */
  readonly path?: string | null;
}

/** Writes all of `bytes`. */
export async function writeAll(connection: ServerConnection, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength;) {
    offset += await connection.write(bytes.subarray(offset));
  }
}

/** `host:port`, or the path of a unix socket. */
export function formatAddress({ hostname, port, path }: SocketAddress): string {
  if (hostname === undefined) return path ?? "unknown";
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** An address as `stats conns` prints it. */
export function describeAddress(address: SocketAddress): string {
  const { hostname, path } = address;
  if (hostname === undefined) return `unix:${path ?? ""}`;
  return `${hostname.includes(":") ? "tcp6" : "tcp"}:${formatAddress(address)}`;
}

/** What Deno, and Node and Bun, call it when one of the ends of a connection has gone. */
const DISCONNECTIONS: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...["BadResource", "BrokenPipe", "ConnectionAborted", "ConnectionReset", "Interrupted"],
  ...["InvalidData", "NotConnected", "TimedOut", "UnexpectedEof"],
  ...["ECONNABORTED", "ECONNRESET", "ENOTCONN", "EPIPE", "ETIMEDOUT"],
  ...["ERR_SOCKET_CLOSED", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"],
]);

/** Whether a connection failed because one of its ends has gone. */
export function isDisconnection(error: unknown): boolean {
  const { name = "", code = "" } = (error ?? {}) as { name?: string; code?: string };
  return DISCONNECTIONS.has(name) || DISCONNECTIONS.has(code);
}
