/** What waits until the servers are known. @module */

import { type Clock, DeadlineTimer } from "../waiting.ts";

/** An operation, or something else, that waits. */
export interface Waiter {
  /** Until when, by the client's clock; `Infinity` for as long as it takes. */
  readonly deadline: number;
  /** Whether nobody waits for it any more. */
  readonly isOver: boolean;
  /** Goes on, now that the servers are known. */
  proceed(): void;
  /** Ends with this error. */
  fail(error: unknown): void;
}

/** Keeps operations, in their order, until the servers are known or cannot be had. */
export class WaitingRoom {
  readonly #overdue: () => Error;
  readonly #clock: Clock;
  readonly #timer: DeadlineTimer;
  #waiters: Waiter[] = [];

  /** @param overdue Makes the error for what has waited too long. */
  constructor(clock: Clock, overdue: () => Error) {
    this.#clock = clock;
    this.#timer = new DeadlineTimer(clock, () => this.#checkDeadlines());
    this.#overdue = overdue;
  }

  /** Whether so many wait. */
  holds(count: number): boolean {
    if (this.#waiters.length < count) return false;
    // Those that were given up are counted out where it matters, not one by one.
    this.#waiters = this.#waiters.filter(({ isOver }) => !isOver);
    return this.#waiters.length >= count;
  }

  /** Has something wait. */
  enter(waiter: Waiter): void {
    this.#waiters.push(waiter);
    this.#timer.arm(waiter.deadline);
  }

  /** Lets all go on. */
  admit(): void {
    for (const waiter of this.#leave()) waiter.proceed();
  }

  /** Ends all with this error. */
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
