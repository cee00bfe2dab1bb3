/** The dialer for Deno. @module */

import type { DialOptions, Endpoint, Transport } from "./transport.ts";

/** Opens a TCP or unix socket with `Deno.connect`. */
export async function dialDeno(endpoint: Endpoint, options: DialOptions): Promise<Transport> {
  if (endpoint.path !== undefined) {
    return new DenoTransport(await Deno.connect({ transport: "unix", path: endpoint.path }));
  }
  const { hostname, port } = endpoint as Required<Endpoint>;
  const connection = await connectTcp({ hostname, port }, options.signal);
  try {
    connection.setNoDelay(options.noDelay);
    connection.setKeepAlive(options.keepAlive);
  } catch (error) {
    connection.close();
    throw error;
  }
  return new DenoTransport(connection);
}

/** Milliseconds after which an attempt that was given up is aborted. */
const GRACE = 50;

/**
 * Deno 2.9 loses a socket that is connected just as its signal is aborted. An attempt that was given up
 * has this while to end by itself, which it nearly always does; only what hangs is aborted.
 */
async function connectTcp(
  address: { hostname: string; port: number },
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
    try {
      this.#connection.close();
    } catch (error) {
      // The streams have closed it already: Deno's do, at the end of what there is to read.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}
