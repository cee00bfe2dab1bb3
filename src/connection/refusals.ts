/** Refusing operations: while servers are down, and when too many wait already. @module */

import { systemClock } from "../waiting.ts";
import { keepingProcess } from "../waiting/timers.ts";

/** How many operations are refused at once before one waits for a timer. */
const AT_ONCE = 1000;

/**
 * Refusals of operations that no server can serve now, because it is down, or because too many wait for it already. A
 * program that tries again and again without waiting would keep the process from its timers and sockets, and so the
 * client from noticing that a server is back, or has replied. So now and then a refusal waits for a timer: Deno does not
 * look at its timers and sockets as long as anything else is ready.
 */
export class Refusals {
  #count = 0;

  /** Calls a function that refuses an operation: at once, or after a timer. */
  refuse(fail: () => void): void {
    if (++this.#count % AT_ONCE > 0) fail();
    else keepingProcess(systemClock).after(0, fail);
  }
}

/** How many waiting operations are searched, on average, for each one that is refused. */
const LOOKED_THROUGH = 64;

/** A place where operations wait: a connection, or the waiting room for servers that are not known yet. */
interface WaitingPlace {
  /** The number of operations that wait, perhaps with some that have been aborted. */
  readonly pending: number;
  /** The total length of the values that they store, in bytes. */
  readonly pendingBytes: number;
  /** Removes those that have been aborted. */
  sweep(): void;
}

/** How much may wait. */
export interface WaitingLimits {
  /** The maximum number of waiting operations. */
  readonly maxPending: number;
  /** The maximum total length of values that wait to be stored, in bytes. */
  readonly maxPendingBytes: number;
}

/** Finds out whether there is room for one more operation. */
export class RoomCheck {
  readonly #limits: WaitingLimits;
  #refusals = 0;

  constructor(limits: WaitingLimits) {
    this.#limits = limits;
  }

  /** The limit that one more operation with a value of this many bytes exceeds, in words; or `undefined`. */
  fullOf(places: readonly WaitingPlace[], byteLength: number): string | undefined {
    const full = exceededLimit(places, byteLength, this.#limits);
    if (full === undefined) return undefined;
    // If thousands of operations really wait, they are not searched for each one that is refused.
    if (++this.#refusals * LOOKED_THROUGH < pendingIn(places)) return full;
    this.#refusals = 0;
    for (const place of places) place.sweep();
    return exceededLimit(places, byteLength, this.#limits);
  }
}

/** The limit that one more operation with a value of this many bytes exceeds, in words; or `undefined`. */
export function exceededLimit(
  places: readonly Omit<WaitingPlace, "sweep">[],
  byteLength: number,
  { maxPending, maxPendingBytes }: WaitingLimits,
): string | undefined {
  let pending = 0;
  let bytes = byteLength;
  for (const place of places) {
    pending += place.pending;
    bytes += place.pendingBytes;
  }
  if (pending >= maxPending) {
    return `operations wait for it, as many as maxPending allows: ${maxPending}`;
  }
  if (bytes <= maxPendingBytes) return undefined;
  const waiting = `${bytes - byteLength} bytes of values wait for it`;
  return `${waiting}, and ${byteLength} more are above the ${maxPendingBytes} of maxPendingBytes`;
}

/** The number of operations that wait in all of them. */
export function pendingIn(places: readonly { readonly pending: number }[]): number {
  return places.reduce((sum, { pending }) => sum + pending, 0);
}
