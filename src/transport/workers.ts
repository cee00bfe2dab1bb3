/** The dialer for Cloudflare's workers. @module */

import { builtinModule } from "./runtime_features.ts";
import { SocketError } from "../errors.ts";
import type { DialOptions, Endpoint, TlsOptions, Transport } from "./transport.ts";

/** As much of `cloudflare:sockets` as is used here. */
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
 * @throws {SocketError} When the endpoint is something that workers cannot reach.
 */
export async function dialWorkers(endpoint: Endpoint, options: DialOptions): Promise<Transport> {
  const { signal } = options;
  const address = addressOf(endpoint);
  if (endpoint.tls !== undefined) checkTls(endpoint.tls, endpoint.hostname);
  const { connect } = await builtinModule<Sockets>("cloudflare:sockets");
  signal.throwIfAborted();
  const secureTransport = endpoint.tls === undefined ? "off" : "on";
  const socket = connect(address, { secureTransport, allowHalfOpen: false });
  // Its failure reaches the one who reads or writes: nobody waits for `closed` as well.
  socket.closed.catch(() => {});
  await opened(socket, signal);
  return { readable: socket.readable, writable: socket.writable, close: () => close(socket) };
}

function addressOf({ hostname, port, path }: Endpoint): { hostname: string; port: number } {
  if (path !== undefined) throw new SocketError("workers have no unix sockets");
  const isIPv6 = hostname!.includes(":");
  return { hostname: isIPv6 ? `[${hostname}]` : hostname!, port: port! };
}

/** Workers trust the authorities that everybody trusts, and show no certificate of their own. */
function checkTls({ caCerts, cert, key, serverName }: TlsOptions, hostname?: string): void {
  const given = {
    caCerts,
    cert,
    key,
    serverName: serverName === hostname ? undefined : serverName,
  };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) throw new SocketError(`workers cannot be given ${name} for TLS`);
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
    // It does not close before it has been opened or refused, which may take the network minutes.
    close(socket);
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function close(socket: Socket): Promise<void> {
  // It fails with what has failed before, which the connection has had from its own read or write.
  await Promise.allSettled([(async () => await socket.close())()]);
}
