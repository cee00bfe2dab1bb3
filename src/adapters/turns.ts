/** The order in which the drop-ins answer: that of the calls, as the packages do whose place they take. @module */

import { deferred } from "../waiting/promises.ts";

/** A call that has begun. */
interface Turn {
  /** Gives its outcome to the caller, or nothing when it has left; absent as long as it has none. */
  settle?: () => void;
  next?: Turn;
}

/**
 * Settles the calls to one server in their order. The client underneath settles them as it knows their outcomes: it reads
 * several keys with one request, for example, and knows those that exist first.
 */
export class Turns {
  #first: Turn | undefined;
  #last: Turn | undefined;

  /**
   * Makes a call.
   *
   * @param call The call. It may leave its turn: then those after it do not wait for it any more.
   */
  take<Result>(call: (leave: () => void) => Promise<Result>): Promise<Result> {
    const { promise, resolve, reject } = deferred<Result>();
    const turn: Turn = {};
    if (this.#last === undefined) this.#first = turn;
    else this.#last.next = turn;
    this.#last = turn;
    const end = (settle: () => void) => {
      // A call that has left is settled at once.
      if (turn.settle !== undefined) return settle();
      turn.settle = settle;
      this.#settleFirst();
    };
    call(() => end(() => {})).then(
      (result) => end(() => resolve(result)),
      (error) => end(() => reject(error)),
    );
    return promise;
  }

  #settleFirst(): void {
    for (let turn = this.#first; turn?.settle !== undefined; turn = this.#first) {
      turn.settle();
      this.#first = turn.next;
      if (turn.next === undefined) this.#last = undefined;
    }
  }
}
