/** Operations that wait until the servers are known. @module */

import type { Clock } from "../waiting.ts";
import { DeadlineTimer, keepingProcess } from "../waiting/timers.ts";

/** An operation that waits. */
export interface Waiter {
  /** The deadline by the client's clock; `Infinity` means no limit. */
  readonly deadline: number;
  /** Whether it has been aborted. */
  readonly isOver: boolean;
  /** The length of the value that it stores, in bytes. */
  readonly byteLength: number;
  /** Continues, because the servers are known now. */
  proceed(): void;
  /** Fails with this error. */
  fail(error: unknown): void;
}

/** Holds operations, in order, until the servers are known or discovery fails. */
export class WaitingRoom {
  readonly #overdue: () => Error;
  readonly #timer: DeadlineTimer;
  #waiters: Waiter[] = [];
  #byteLength = 0;

  /** @param overdue Makes the error for an operation whose deadline has passed. */
  constructor(clock: Clock, overdue: () => Error) {
    this.#timer = new DeadlineTimer(keepingProcess(clock), (now) => this.#checkDeadlines(now));
    this.#overdue = overdue;
  }

  /** The number of operations that wait, with aborted ones that {@linkcode sweep} has not removed yet. */
  get pending(): number {
    return this.#waiters.length;
  }

  /** The total length of the values that they store, in bytes. */
  get pendingBytes(): number {
    return this.#byteLength;
  }

  /** Removes aborted operations. It looks at all of them, so call it only when the number matters. */
  sweep(): void {
    this.#waiters = this.#waiters.filter(({ isOver }) => !isOver);
    this.#byteLength = this.#waiters.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Adds an operation. */
  enter(waiter: Waiter): void {
    this.#waiters.push(waiter);
    this.#byteLength += waiter.byteLength;
    this.#timer.arm(waiter.deadline);
  }

  /** Continues all operations. */
  admit(): void {
    for (const waiter of this.#leave()) waiter.proceed();
  }

  /** Fails all operations with this error. */
  dismiss(error: unknown): void {
    for (const waiter of this.#leave()) waiter.fail(error);
  }

  #leave(): Waiter[] {
    this.sweep();
    const waiters = this.#waiters;
    this.#waiters = [];
    this.#byteLength = 0;
    this.#timer.stop();
    return waiters;
  }

  #checkDeadlines(now: number): void {
    for (const waiter of this.#leave()) {
      if (waiter.deadline <= now) waiter.fail(this.#overdue());
      else this.enter(waiter);
    }
  }
}
