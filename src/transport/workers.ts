/** The dialer for Cloudflare Workers. @module */

import "../loaded_already.ts";
import { builtinModule } from "./runtime_features.ts";
import { SocketError } from "../errors.ts";
import type { DialOptions, Endpoint, TlsOptions, Transport } from "./transport.ts";

/** The part of `cloudflare:sockets` that is used here. */
interface Sockets {
  connect(
    address: { readonly hostname: string; readonly port: number },
    options: { readonly secureTransport: "on" | "off"; readonly allowHalfOpen: boolean },
  ): Socket;
}

interface Socket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a TCP socket with `cloudflare:sockets`, which offers no `keepAlive` and `noDelay`.
 *
 * @throws {SocketError} When workers cannot connect to such an endpoint.
 */
export async function dialWorkers(endpoint: Endpoint, options: DialOptions): Promise<Transport> {
  const { signal } = options;
  const address = addressOf(endpoint);
  if (endpoint.tls !== undefined) checkTls(endpoint.tls, endpoint.hostname);
  const { connect } = await builtinModule<Sockets>("cloudflare:sockets");
  signal.throwIfAborted();
  const secureTransport = endpoint.tls === undefined ? "off" : "on";
  const socket = connect(address, { secureTransport, allowHalfOpen: false });
  // A failure rejects the read or write, so `closed` is not awaited.
  socket.closed.catch(() => {});
  await opened(socket, signal);
  return { readable: socket.readable, writable: socket.writable, close: () => close(socket) };
}

function addressOf({ hostname, port, path }: Endpoint): { hostname: string; port: number } {
  if (path !== undefined) throw new SocketError("workers have no unix sockets");
  const isIPv6 = hostname.includes(":");
  return { hostname: isIPv6 ? `[${hostname}]` : hostname, port };
}

/** Workers trust the public authorities only, and cannot send a client certificate. */
function checkTls({ caCerts, cert, key, serverName }: TlsOptions, hostname?: string): void {
  const given = {
    caCerts,
    cert,
    key,
    serverName: serverName === hostname ? undefined : serverName,
  };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) throw new SocketError(`workers do not support the TLS option ${name}`);
  }
}

async function opened(socket: Socket, signal: AbortSignal): Promise<void> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => abort = () => reject(signal.reason));
  signal.addEventListener("abort", abort);
  try {
    await Promise.race([socket.opened, aborted]);
  } catch (error) {
    socket.opened.catch(() => {});
    // It closes only after it has been opened or refused, which may take minutes.
    close(socket);
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function close(socket: Socket): Promise<void> {
  // It rejects with an earlier failure, which the connection has received from its own read or write.
  await Promise.allSettled([(async () => await socket.close())()]);
}
