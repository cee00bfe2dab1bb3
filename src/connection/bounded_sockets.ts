/** Limits the number of sockets: the option `maxSockets`. @module */

import "../loaded_already.ts";
import { LONGEST_CLOSE } from "../transport/byte_channel.ts";
import { afterTurn } from "../transport/event_loop.ts";
import type { Transport } from "../transport/transport.ts";
import { systemClock } from "../waiting.ts";
import type { SocketHolder, Sockets } from "./sockets.ts";
import { transportWithEnd } from "./transport_with_end.ts";

/** A dial within the limit. */
export interface BoundedDial {
  readonly sockets: Sockets;
  /** Opens the socket. */
  readonly dial: (signal: AbortSignal) => Promise<Transport>;
  /** The socket's owner, if it may be closed for others. */
  readonly holder?: SocketHolder | undefined;
}

/**
 * Opens a socket as soon as the limit allows it. The socket that has been idle longest is closed for it. Waiting dials
 * continue in order.
 *
 * @param signal Ends the wait and the dial.
 * @returns A transport that continues the next dial when it has been closed.
 */
export async function dialWithin(
  { sockets, dial, holder }: BoundedDial,
  signal: AbortSignal,
): Promise<Transport> {
  await admission(sockets, signal);
  let hasLeft = false;
  const left = () => {
    if (!hasLeft) leave(sockets);
    hasLeft = true;
  };
  let cancel = () => {};
  // A caller's own dial may ignore the signal, and never end.
  const giveUp = () => cancel = systemClock.after(LONGEST_CLOSE, left);
  signal.addEventListener("abort", giveUp);
  try {
    const transport = await dial(signal);
    if (holder !== undefined) sockets.holders.add(holder);
    makeRoomSoon(sockets);
    return transportWithEnd(transport, () => {
      if (holder !== undefined) {
        sockets.holders.delete(holder);
        sockets.leaving.delete(holder);
      }
      left();
    });
  } catch (error) {
    left();
    throw error;
  } finally {
    cancel();
    signal.removeEventListener("abort", giveUp);
  }
}

/** Resolves when the limit allows one more socket, which counts from then on. */
function admission(sockets: Sockets, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const giveUp = () => {
      sockets.waiting.delete(signal);
      reject(signal.reason);
    };
    signal.addEventListener("abort", giveUp);
    sockets.waiting.set(signal, () => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    });
    sockets.idle = () => makeRoomSoon(sockets);
    admitNext(sockets);
    makeRoomSoon(sockets);
  });
}

function leave(sockets: Sockets): void {
  sockets.open--;
  admitNext(sockets);
}

function admitNext(sockets: Sockets): void {
  const [next] = sockets.waiting;
  if (next === undefined || sockets.open === sockets.max) return;
  const [signal, admit] = next;
  sockets.waiting.delete(signal);
  sockets.open++;
  admit();
}

/**
 * Makes room when all replies that have arrived have been handled: a socket that seems to be idle may be needed for the
 * next step of an operation, which is tied to it.
 */
function makeRoomSoon(sockets: Sockets): void {
  if (sockets.waiting.size > 0) afterTurn(() => makeRoom(sockets));
}

/**
 * Closes a socket for each waiting dial, if there are any. One that is idle is closed even if a busy one has been chosen
 * before: that may take long, or its server may be silent.
 */
function makeRoom({ waiting, holders, leaving }: Sockets): void {
  let closing = Array.from(leaving).filter(({ isAwaited }) => !isAwaited).length;
  while (closing < waiting.size && holders.size > 0) {
    const idlest = Array.from(holders).reduce((a, b) => isIdler(b, a) ? b : a);
    if (!idlest.isAwaited) closing++;
    else if (leaving.size >= waiting.size) return;
    holders.delete(idlest);
    leaving.add(idlest);
    idlest.leave();
  }
}

/** Whether one owner has fewer operations that wait than another, or has been idle longer. */
function isIdler(one: SocketHolder, other: SocketHolder): boolean {
  if (one.isAwaited !== other.isAwaited) return other.isAwaited;
  if (one.pending !== other.pending) return one.pending < other.pending;
  return one.lastRead < other.lastRead;
}
