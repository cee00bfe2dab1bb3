/** Opens a socket within a time limit. @module */

import { ClientException, messageOf, SocketError, TimeoutError } from "../errors.ts";
import { type Clock, DeadlineTimer, lazily } from "../waiting.ts";
import type { Transport } from "../transport/transport.ts";
import type { SocketHolder, Sockets } from "./sockets.ts";

const loadBounded = /* @__PURE__ */ lazily(async () => {
  return (await import("./bounded_sockets.ts")).dialWithin;
});

/** The options of {@linkcode connect}. */
export interface ConnectOptions {
  /** The server's name, for messages. */
  readonly server: string;
  /** Opens the socket. */
  readonly dial: (signal: AbortSignal) => Promise<Transport>;
  /** The time limit in milliseconds; `Infinity` means no limit. */
  readonly connectTimeout: number;
  /** The clock. */
  readonly clock: Clock;
  /** Aborts the attempt. */
  readonly signal: AbortSignal;
  /** The client's sockets, if their number is limited. */
  readonly sockets?: Sockets | undefined;
  /** The socket's owner, if it may be closed for others. */
  readonly holder?: SocketHolder;
  /** Called with a promise that resolves when the dial has ended, even an aborted one, and its late socket is closed. */
  readonly dialling?: (ended: Promise<void>) => void;
}

/**
 * Dials, and rejects when the time is over or the signal is aborted, even if the dialer does not.
 *
 * @throws {TimeoutError} When the time limit was exceeded.
 * @throws {SocketError} When it failed; the runtime's error is its `cause`.
 * @throws {ClientException} When the server refused the credentials.
 */
export async function connect(options: ConnectOptions): Promise<Transport> {
  const { server, connectTimeout, clock, signal } = options;
  const attempt = new AbortController();
  const giveUp = () => attempt.abort(signal.reason);
  signal.addEventListener("abort", giveUp);
  const overdue = () => attempt.abort(overdueError(options, attempt.signal));
  const timer = new DeadlineTimer(clock, overdue);
  // The time begins at the end of this turn, because the turn may be long.
  const timing = Promise.resolve().then(() => {
    if (!signal.aborted) timer.arm(clock.now() + connectTimeout);
  });
  try {
    return await dialUntilAborted(dialerOf(options), attempt.signal, options.dialling);
  } catch (error) {
    if (error instanceof ClientException) throw error;
    if (error instanceof SocketError && error.server !== undefined) throw error;
    const cause = error instanceof SocketError ? error.cause : error;
    throw new SocketError(`Cannot connect to ${server}: ${messageOf(error)}`, { server, cause });
  } finally {
    await timing;
    timer.stop();
    signal.removeEventListener("abort", giveUp);
  }
}

function dialerOf(options: ConnectOptions): ConnectOptions["dial"] {
  const { sockets } = options;
  if (sockets === undefined) return options.dial;
  return async (signal) => await (await loadBounded())({ ...options, sockets }, signal);
}

function dialUntilAborted(
  dial: ConnectOptions["dial"],
  signal: AbortSignal,
  dialling: ConnectOptions["dialling"],
): Promise<Transport> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    const ended = dial(signal).then(async (transport) => {
      // Some dialers ignore the signal: a socket that comes too late is closed unused.
      if (signal.aborted) await transport.close();
      else resolve(transport);
    }, reject);
    // A failure to close it is reported to the code that waits for closing.
    ended.catch(() => {});
    dialling?.(ended);
  });
}

/** Makes the error of an operation that has waited too long for a connection. */
export function connectTimeoutError(server: string, timeout: number): TimeoutError {
  return new TimeoutError(`Cannot connect to ${server}: no answer within ${timeout} ms`, {
    server,
  });
}

function overdueError(
  { server, connectTimeout, sockets }: ConnectOptions,
  signal: AbortSignal,
): TimeoutError {
  if (!sockets?.waiting.has(signal)) return connectTimeoutError(server, connectTimeout);
  const state = `${sockets.max} sockets were in use for ${connectTimeout} ms, all of maxSockets`;
  const error = new TimeoutError(`Cannot connect to ${server}: ${state}`, { server });
  sockets.refusals.add(error);
  return error;
}

/** The reason of a connection's end: a network failure, or a server that refuses the client. */
export type EndReason = SocketError | ClientException;

/** Makes the error of operations that wait for a connection that ended for this reason. */
export function connectionEndedError(server: string, error: unknown): EndReason {
  if (error instanceof ClientException) {
    return new ClientException(`Cannot use ${server}: ${error.message}`, error.item);
  }
  if (error instanceof SocketError && error.server !== undefined) return error;
  const cause = error instanceof SocketError ? error.cause : error;
  return new SocketError(`Connection to ${server} ended: ${messageOf(error)}`, { server, cause });
}
