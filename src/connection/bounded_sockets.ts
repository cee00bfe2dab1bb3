/** Dialing where the number of sockets is bounded: the option `maxSockets`. @module */

import type { Transport } from "../transport/transport.ts";

/** A socket that may be closed when another is needed more. */
export interface SocketHolder {
  /** How many operations wait on it. */
  readonly pending: number;
  /** When the server was last heard, by the clock. */
  readonly lastRead: number;
  /** Takes nothing more, and closes the socket as soon as nothing waits on it. */
  leave(): void;
}

/** The sockets of a client whose number is bounded. */
export interface Sockets {
  /** How many there may be. */
  readonly max: number;
  /** How many there are, those included that are being opened or closed. */
  open: number;
  /** Those that wait until there may be one more, in their order: what lets each go on, by its signal. */
  readonly waiting: Map<AbortSignal, () => void>;
  /** Those that may be closed for others. */
  readonly holders: Set<SocketHolder>;
  /** How many are being closed for others. */
  leaving: number;
  /** What dials have failed with because there were too many. */
  readonly refusals: WeakSet<object>;
}

/** What a socket is opened for. */
export interface BoundedDial {
  readonly sockets: Sockets;
  /** Opens the socket. */
  readonly dial: (signal: AbortSignal) => Promise<Transport>;
  /** Who uses it, if it may be closed for others. */
  readonly holder?: SocketHolder | undefined;
}

/**
 * Opens a socket as soon as there may be one more. The idlest of the others is closed for it, and dials that
 * wait go on in their order.
 *
 * @param signal Ends the waiting, and the dial.
 * @returns A transport that lets the next dial go on when it has been closed.
 */
export async function dialWithin(
  { sockets, dial, holder }: BoundedDial,
  signal: AbortSignal,
): Promise<Transport> {
  await admission(sockets, signal);
  try {
    const transport = await dial(signal);
    if (holder !== undefined) sockets.holders.add(holder);
    makeRoom(sockets);
    return countedTransport(transport, () => {
      // One that is closed for another is among the holders no more.
      if (holder !== undefined && !sockets.holders.delete(holder)) sockets.leaving--;
      leave(sockets);
    });
  } catch (error) {
    leave(sockets);
    throw error;
  }
}

/** Resolves when there may be one more socket, which counts from then on. */
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
    admitNext(sockets);
    makeRoom(sockets);
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

/** Has a socket closed for each dial that waits, as far as there are some. */
function makeRoom(sockets: Sockets): void {
  const { waiting, holders } = sockets;
  while (sockets.leaving < waiting.size && holders.size > 0) {
    const idlest = Array.from(holders).reduce((a, b) => isIdler(b, a) ? b : a);
    holders.delete(idlest);
    sockets.leaving++;
    idlest.leave();
  }
}

/** Whether one has less to do than another, or nothing for longer. */
function isIdler(one: SocketHolder, other: SocketHolder): boolean {
  if (one.pending !== other.pending) return one.pending < other.pending;
  return one.lastRead < other.lastRead;
}

/** The same transport, which calls back once when it has been closed. */
function countedTransport(transport: Transport, closed: () => void): Transport {
  let closing: Promise<void> | undefined;
  const close = async () => {
    try {
      await transport.close();
    } finally {
      closed();
    }
  };
  const { read, write, receive } = transport;
  return {
    get readable() {
      return transport.readable;
    },
    get writable() {
      return transport.writable;
    },
    close: () => closing ??= close(),
    ...(read && { read: read.bind(transport) }),
    ...(write && { write: write.bind(transport) }),
    ...(receive && { receive: receive.bind(transport) }),
  };
}
