/**
 * What the embedded server asks of a connection, whatever made it.
 *
 * @module
 */

import type { Peer } from "./event_lines.ts";

const UNREAD_BUFFER_LENGTH = 4096;

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

/** Reads what comes until the end, and throws it away. */
export async function readToEnd(connection: ServerConnection): Promise<void> {
  const buffer = new Uint8Array(UNREAD_BUFFER_LENGTH);
  while (await connection.read(buffer) !== null);
}

/** Writes what comes, the next when the last is written. */
export async function writeEach(
  connection: ServerConnection,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of chunks) await writeAll(connection, chunk);
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

/** Who is at the other end, in the words of the event log. */
export function peerOf({ remoteAddr }: ServerConnection, id: number): Peer {
  return { id, hostname: remoteAddr.hostname, port: remoteAddr.port };
}
