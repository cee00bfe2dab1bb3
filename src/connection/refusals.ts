/** Refusing operations while servers are down. @module */

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
