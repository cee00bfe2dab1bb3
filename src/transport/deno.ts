/** The dialer for Deno, without TLS. @module */

import "../loaded_already.ts";
import { systemClock } from "../waiting.ts";
import { timeToNextAddress } from "./attempts.ts";
import type { DialOptions, Endpoint, HostEndpoint, Transport } from "./transport.ts";

/** The likely maximum number of a name's addresses, because `Deno.connect` resolves names itself. */
const LIKELY_ADDRESSES = 3;

/** Milliseconds after which a cancelled attempt is aborted. */
const GRACE = 50;

/** Opens a TCP or unix socket with `Deno.connect`. */
export async function dialDeno(endpoint: Endpoint, options: DialOptions): Promise<Transport> {
  if (endpoint.path !== undefined) {
    const { path } = endpoint;
    return new DenoTransport(await Deno.connect({ transport: "unix", path }));
  }
  const connection = await connectTcp(endpoint, options);
  try {
    connection.setNoDelay(options.noDelay);
    connection.setKeepAlive(options.keepAlive);
    return new DenoTransport(connection);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Deno 2.9 leaks a socket that connects at the moment when its signal is aborted. So a cancelled attempt gets some time
 * to end by itself, which it nearly always does, and is aborted only if it hangs.
 */
async function connectTcp(
  { hostname, port }: HostEndpoint,
  { signal, connectTimeout }: DialOptions,
): Promise<Deno.TcpConn> {
  const hanging = new AbortController();
  let cancel = () => {};
  const giveUp = () => cancel = systemClock.after(GRACE, () => hanging.abort(signal.reason));
  signal.addEventListener("abort", giveUp);
  try {
    return await Deno.connect({
      hostname,
      port,
      signal: hanging.signal,
      autoSelectFamilyAttemptDelay: timeToNextAddress(connectTimeout, LIKELY_ADDRESSES),
    });
  } finally {
    cancel();
    signal.removeEventListener("abort", giveUp);
  }
}

class DenoTransport implements Transport {
  readonly #connection: Deno.TcpConn | Deno.UnixConn;

  constructor(connection: Deno.TcpConn | Deno.UnixConn) {
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

  /** Deno's streams close the connection themselves at the end of the input. */
  close(): void {
    try {
      this.#connection.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  ref(): void {
    this.#connection.ref();
  }

  unref(): void {
    this.#connection.unref();
  }
}
