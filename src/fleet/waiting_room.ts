/** Operations that wait until the servers are known. @module */

import { type Clock, DeadlineTimer } from "../waiting.ts";

/** An operation that waits. */
export interface Waiter {
  /** The deadline by the client's clock; `Infinity` means no limit. */
  readonly deadline: number;
  /** Whether it has been aborted. */
  readonly isOver: boolean;
  /** Continues, because the servers are known now. */
  proceed(): void;
  /** Fails with this error. */
  fail(error: unknown): void;
}

/** Holds operations, in order, until the servers are known or discovery fails. */
export class WaitingRoom {
  readonly #overdue: () => Error;
  readonly #clock: Clock;
  readonly #timer: DeadlineTimer;
  #waiters: Waiter[] = [];

  /** @param overdue Makes the error for an operation whose deadline has passed. */
  constructor(clock: Clock, overdue: () => Error) {
    this.#clock = clock;
    this.#timer = new DeadlineTimer(clock, () => this.#checkDeadlines());
    this.#overdue = overdue;
  }

  /** Whether at least this many operations wait. */
  holds(count: number): boolean {
    if (this.#waiters.length < count) return false;
    // Aborted operations are removed only when the number matters.
    this.#waiters = this.#waiters.filter(({ isOver }) => !isOver);
    return this.#waiters.length >= count;
  }

  /** Adds an operation. */
  enter(waiter: Waiter): void {
    this.#waiters.push(waiter);
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
    const waiters = this.#waiters.filter(({ isOver }) => !isOver);
    this.#waiters = [];
    this.#timer.stop();
    return waiters;
  }

  #checkDeadlines(): void {
    const now = this.#clock.now();
    for (const waiter of this.#leave()) {
      if (waiter.deadline <= now) waiter.fail(this.#overdue());
      else this.enter(waiter);
    }
  }
}
