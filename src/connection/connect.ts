/**
 * Opens a socket within a time limit. It also has what its users share: how long to wait for a server, and before it is
 * asked again, and the errors of connections that could not be opened or have ended.
 *
 * @module
 */

import { ClientException, messageOf, SocketError, TimeoutError } from "../errors.ts";
import type { ConnectContext } from "../channel_contexts.ts";
import { CHANNEL_NAMES, isListenedTo, trace } from "../observation.ts";
import type { Command } from "../protocol/command.ts";
import { lazily } from "../waiting.ts";
import { DeadlineTimer, keepingProcess } from "../waiting/timers.ts";
import type { Transport } from "../transport/transport.ts";
import type { ConnectionOptions } from "./connection_options.ts";
import type { SocketHolder } from "./sockets.ts";

const loadBounded = /* @__PURE__ */ lazily(async () => {
  return (await import("./bounded_sockets.ts")).dialWithin;
});

/** The options of {@linkcode connect}. */
export interface ConnectOptions
  extends Pick<ConnectionOptions, "server" | "dial" | "connectTimeout" | "clock" | "sockets"> {
  /** Aborts the attempt. */
  readonly signal: AbortSignal;
  /** The socket's owner, if it may be closed for others. */
  readonly holder?: SocketHolder;
  /** What is published of the attempt; nothing is without it. */
  readonly context: ConnectContext | undefined;
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
export function connect(options: ConnectOptions): Promise<Transport> {
  const { context } = options;
  const open = () => openInTime(options);
  return context && isListenedTo(CHANNEL_NAMES.connect)
    ? trace(CHANNEL_NAMES.connect, context, open)
    : open();
}

let connectionCount = 0;

/** Numbers a connection among all of the process. */
export function nextConnection(): number {
  return ++connectionCount;
}

async function openInTime(options: ConnectOptions): Promise<Transport> {
  const { server, connectTimeout, clock, signal } = options;
  const attempt = new AbortController();
  const giveUp = () => attempt.abort(signal.reason);
  signal.addEventListener("abort", giveUp);
  const overdue = () => attempt.abort(overdueError(options, attempt.signal));
  // A caller's own dialer may hold nothing that keeps the process alive.
  const timer = new DeadlineTimer(keepingProcess(clock), overdue);
  // The time begins at the end of this turn, because the turn may be long.
  const timing = Promise.resolve().then(() => {
    if (!signal.aborted) timer.arm(clock.now() + connectTimeout);
  });
  try {
    return await dialUntilAborted(dialerOf(options), attempt.signal, options.dialling);
  } catch (error) {
    if (error instanceof ClientException) throw error;
    throw withServer(error, server, `Cannot connect to ${server}`);
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

/**
 * Computes the delay before something that failed is asked again. It is random, so that many clients do not all ask at
 * the same time, and its upper limit doubles with each attempt.
 *
 * @param attempt The number of attempts so far: 0, 1, 2, …
 * @param first The upper limit before the first attempt, in milliseconds.
 * @param longest The longest upper limit, in milliseconds.
 * @returns Milliseconds.
 */
export function randomDelay(attempt: number, first: number, longest: number): number {
  return Math.random() * Math.min(longest, first * 2 ** attempt);
}

/** The time limit of connecting and one operation together, in milliseconds; `Infinity` means no limit. */
export function longestWait(
  { timeout, connectTimeout, timesConnectingApart }: Pick<
    ConnectionOptions,
    "timeout" | "connectTimeout" | "timesConnectingApart"
  >,
): number {
  return timesConnectingApart ? connectTimeout + timeout : timeout;
}

/** Makes the error of an operation that has waited too long for a connection. */
export function connectTimeoutError(
  server: string,
  timeout: number,
  state: string = `no answer within ${timeout} ms`,
): TimeoutError {
  return new TimeoutError(`Cannot connect to ${server}: ${state}`, { server });
}

function overdueError(
  { server, connectTimeout, sockets }: ConnectOptions,
  signal: AbortSignal,
): TimeoutError {
  if (!sockets?.waiting.has(signal)) return connectTimeoutError(server, connectTimeout);
  const state = `no socket was free for ${connectTimeout} ms: maxSockets is ${sockets.max}`;
  const error = connectTimeoutError(server, connectTimeout, state);
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
  return withServer(error, server, `Connection to ${server} ended`);
}

/** An error that names the server: the same if it does, otherwise one whose message begins with this state. */
function withServer(error: unknown, server: string, state: string): SocketError {
  if (error instanceof SocketError && error.server !== undefined) return error;
  const cause = error instanceof SocketError ? error.cause : error;
  return new SocketError(`${state}: ${messageOf(error)}`, { server, cause });
}

/** Adds the lost commands, whose replies are missing, to the reason of the loss: one of each kind. */
export function withLost(reason: EndReason, commands: readonly Command[]): EndReason {
  if (reason.constructor !== SocketError) return reason;
  const kinds = new Map(commands.map(({ action }) => [action.split(" ", 1)[0], action]));
  kinds.delete("");
  if (kinds.size === 0) return reason;
  const { message, server = "", cause } = reason;
  const others = commands.length > kinds.size ? ` and ${commands.length - kinds.size} more` : "";
  const named = [...kinds.values()].join(", ");
  return new SocketError(`${message}, under way: ${named}${others}`, { server, cause });
}
