/**
 * The interfaces of the connections and listeners that the embedded server uses.
 *
 * @module
 */

/** A client's connection, as `Deno.listen` and `Deno.listenTls` provide it. */
export interface ServerConnection {
  /** The client's address. */
  readonly remoteAddr: SocketAddress;
  /** Reads bytes into `buffer`; resolves to how many, or to `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes at least one byte, and resolves to how many it wrote. */
  write(bytes: Uint8Array): Promise<number>;
  /** Closes the connection. */
  close(): void;
  /** Turns off Nagle's algorithm, if the connection has it, so that small replies are sent at once. */
  setNoDelay?(noDelay?: boolean): void;
}

/** A listener, as `Deno.listen` and `Deno.listenTls` return it. */
export interface ServerListener extends AsyncIterable<ServerConnection> {
  /** The address that it listens on. */
  readonly addr: SocketAddress;
  /** Stops listening. This ends the iteration. */
  close(): void;
}

/** One end of a connection: a hostname and a port, or the path of a unix socket. */
export interface SocketAddress {
  /** The name or IP address. */
  readonly hostname?: string;
  /** The port number. */
  readonly port?: number;
  /** The path of a unix socket. */
  readonly path?: string | null;
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

/** The names of errors, on Deno and on Node and Bun, when the other end of a connection has closed it. */
const DISCONNECTIONS: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...["BadResource", "BrokenPipe", "ConnectionAborted", "ConnectionReset", "Interrupted"],
  ...["InvalidData", "NotConnected", "TimedOut", "UnexpectedEof"],
  ...["ECONNABORTED", "ECONNRESET", "ENOTCONN", "EPIPE", "ETIMEDOUT"],
  ...["ERR_SOCKET_CLOSED", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"],
]);

/** Whether a connection failed because one end has closed it. */
export function isDisconnection(error: unknown): boolean {
  const { name = "", code = "" } = (error ?? {}) as { name?: string; code?: string };
  return DISCONNECTIONS.has(name) || DISCONNECTIONS.has(code);
}
