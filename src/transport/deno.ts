/** The dialer for Deno. @module */

import type { DialOptions, Endpoint, Transport } from "./transport.ts";

/** Where to connect to. */
interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** Opens a TCP or unix socket with `Deno.connect`, and speaks TLS over it where that is asked for. */
export async function dialDeno(endpoint: Endpoint, options: DialOptions): Promise<Transport> {
  const { hostname, port, path, tls } = endpoint;
  if (path !== undefined) {
    return new DenoTransport(await Deno.connect({ transport: "unix", path }));
  }
  const address = { hostname: hostname!, port: port! };
  if (tls === undefined) return new DenoTransport(await openTcp(address, options));
  const { dialTls } = await import("./deno_tls.ts");
  return await dialTls({ ...address, tls }, options, () => openTcp(address, options));
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
    // The first touch of `clearTimeout` loads all of Node's timers, which take 5 ms.
    if (timer !== undefined) clearTimeout(timer);
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
