/** The dialer for Deno. @module */

import { SocketError } from "../errors.ts";
import { type Address, openMutualTls } from "./mutual_tls.ts";
import { type Expected, tlsFault } from "./tls_fault.ts";
import { type TlsSocket, TlsTransport } from "./tls_transport.ts";
import type { DialOptions, Endpoint, Transport } from "./transport.ts";

/** Opens a TCP or unix socket with `Deno.connect`, and speaks TLS over it where that is asked for. */
export async function dialDeno(endpoint: Endpoint, options: DialOptions): Promise<Transport> {
  const { hostname, port, path, tls } = endpoint;
  if (path !== undefined) {
    return new DenoTransport(await Deno.connect({ transport: "unix", path }));
  }
  const address = { hostname: hostname!, port: port! };
  if (tls === undefined) return new DenoTransport(await openTcp(address, options));
  // The dot that ends an absolute name is in no certificate.
  const expected = { serverName: tls.serverName ?? address.hostname.replace(/\.$/, ""), tls };
  return new TlsTransport(await openSecured(address, expected, options), expected);
}

async function openTcp(address: Address, options: DialOptions): Promise<Deno.TcpConn> {
  const connection = await connectTcp(address, options.signal);
  try {
    connection.setNoDelay(options.noDelay);
    connection.setKeepAlive(options.keepAlive);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** `Deno.startTls` has no client certificates, and `Deno.connectTls` cannot be given up. */
async function openSecured(
  address: Address,
  expected: Expected,
  options: DialOptions,
): Promise<TlsSocket> {
  if (expected.tls.cert === undefined) return await openTls(address, expected, options);
  try {
    return await openMutualTls(address, expected, options);
  } catch (error) {
    if (options.signal.aborted || !(error instanceof SocketError)) throw error;
    // Of an expired certificate `node:tls` says no more here than that it could not be verified. Deno's
    // own TLS tells exactly what is wrong with it, before it comes to the client's.
    closeOnce(await openTls(address, expected, options));
    throw error;
  }
}

/** Connects and shakes hands: what is wrong with the server's certificate shows here. */
async function openTls(
  address: Address,
  expected: Expected,
  options: DialOptions,
): Promise<Deno.TlsConn> {
  const { signal } = options;
  let connection: Deno.Conn = await openTcp(address, options);
  const giveUp = () => closeOnce(connection);
  signal.addEventListener("abort", giveUp);
  try {
    const secured = await startTls(connection as Deno.TcpConn, expected);
    connection = secured;
    signal.throwIfAborted();
    await secured.handshake();
    return secured;
  } catch (error) {
    closeOnce(connection);
    throw signal.aborted ? signal.reason : tlsFault(error, expected);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

function startTls(connection: Deno.TcpConn, expected: Expected): Promise<Deno.TlsConn> {
  const { serverName, tls } = expected;
  return Deno.startTls(connection, { hostname: serverName, caCerts: [...tls.caCerts ?? []] });
}

/** Milliseconds after which an attempt that was given up is aborted. */
const GRACE = 50;

/**
 * Deno 2.9 loses a socket that is connected just as its signal is aborted. An attempt that was given up
 * has this while to end by itself, which it nearly always does; only what hangs is aborted.
 */
async function connectTcp(
  address: Address,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const hanging = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const giveUp = () => timer = setTimeout(() => hanging.abort(signal.reason), GRACE);
  signal.addEventListener("abort", giveUp);
  try {
    return await Deno.connect({ ...address, signal: hanging.signal });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

class DenoTransport implements Transport {
  readonly #connection: Deno.Conn;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  get readable(): ReadableStream<Uint8Array> {
    return this.#connection.readable;
  }

  get writable(): WritableStream<Uint8Array> {
    return this.#connection.writable;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#connection.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#connection.write(bytes);
  }

  close(): void {
    closeOnce(this.#connection);
  }
}

/** Closes a connection, whether or not its streams have closed it: Deno's do, where there is no more to read. */
function closeOnce(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
