/** Opening a socket within a time. @module */

import { ClientException, messageOf, SocketError, TimeoutError } from "../errors.ts";
import type { Command } from "../protocol/command.ts";
import { type Clock, DeadlineTimer, lazily } from "../waiting.ts";
import type { Transport } from "../transport/transport.ts";
import type { SocketHolder, Sockets } from "./bounded_sockets.ts";

const loadBounded = /* @__PURE__ */ lazily(async () => {
  return (await import("./bounded_sockets.ts")).dialWithin;
});

/** What {@linkcode connect} needs to know. */
export interface ConnectOptions {
  /** The server's name, for messages. */
  readonly server: string;
  /** Opens the socket. */
  readonly dial: (signal: AbortSignal) => Promise<Transport>;
  /** Milliseconds it may take; `Infinity` for as long as the network lets it. */
  readonly connectTimeout: number;
  /** Where the time comes from. */
  readonly clock: Clock;
  /** Gives the attempt up. */
  readonly signal: AbortSignal;
  /** The client's sockets, where their number is bounded. */
  readonly sockets?: Sockets | undefined;
  /** Who uses the socket, if it may be closed for others. */
  readonly holder?: SocketHolder;
}

/**
 * Dials, and gives up when the time is over or the signal says so, even where the dialer does not.
 *
 * @throws {TimeoutError} When it took too long.
 * @throws {SocketError} When it failed, with the runtime's error as its `cause`.
 * @throws {ClientException} When the server refused to be talked to by this client.
 */
export async function connect(options: ConnectOptions): Promise<Transport> {
  const { server, connectTimeout, clock, signal } = options;
  const attempt = new AbortController();
  const giveUp = () => attempt.abort(signal.reason);
  signal.addEventListener("abort", giveUp);
  const overdue = () => attempt.abort(overdueError(options, attempt.signal));
  const timer = new DeadlineTimer(clock, overdue);
  // Begins at the end of this turn, which may be a long one.
  const timing = Promise.resolve().then(() => {
    if (!signal.aborted) timer.arm(clock.now() + connectTimeout);
  });
  try {
    return await dialUntilAborted(dialerOf(options), attempt.signal);
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

function dialUntilAborted(dial: ConnectOptions["dial"], signal: AbortSignal): Promise<Transport> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    dial(signal).then((transport) => {
      // Not every dialer heeds the signal: a socket that comes too late is closed unused.
      if (signal.aborted) return transport.close();
      resolve(transport);
    }).catch(reject);
  });
}

/** What an operation is rejected with that has waited too long for a connection. */
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

/** What ends a connection: the network does, or the server that has no use for this client. */
export type EndReason = SocketError | ClientException;

/** What whoever waits on a connection is told when this ended it. */
export function connectionEndedError(server: string, error: unknown): EndReason {
  if (error instanceof ClientException) {
    return new ClientException(`Cannot use ${server}: ${error.message}`, error.item);
  }
  if (error instanceof SocketError && error.server !== undefined) return error;
  const cause = error instanceof SocketError ? error.cause : error;
  return new SocketError(`Connection to ${server} ended: ${messageOf(error)}`, { server, cause });
}

/** The reason of a lost connection, with the commands whose replies were missing: one of each kind. */
export function withCommands(reason: EndReason, commands: readonly Command[]): EndReason {
  if (reason.constructor !== SocketError) return reason;
  const kinds = new Map(commands.map(({ action }) => [action.split(" ", 1)[0], action]));
  kinds.delete("");
  if (kinds.size === 0) return reason;
  const { message, server = "", cause } = reason;
  const others = commands.length > kinds.size ? ` and ${commands.length - kinds.size} more` : "";
  const named = [...kinds.values()].join(", ");
  return new SocketError(`${message}, under way: ${named}${others}`, { server, cause });
}
