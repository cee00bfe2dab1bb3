/** Work that a restart of a server must not lose. @module */

import { SocketError } from "../../mod.ts";
import { pause } from "./pause.ts";

/** How long a server may be away, in milliseconds, and how long to wait between two attempts. */
const LONGEST_OUTAGE = 30_000;
const DELAY = 250;

/** What no restart of a server mends: it speaks no TLS, or has another certificate than it should have. */
const LASTING =
  /: (its certificate |it does not speak TLS|it re(quires|fuses) |TLS has failed|tls\.(key|cert) is )/;

/**
 * Does something that may be done twice, again and again while the server cannot be reached.
 *
 * @param ended Ends that: Ctrl-C, or the failure of something else.
 */
export async function retried<Result>(
  ended: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  const end = performance.now() + LONGEST_OUTAGE;
  while (true) {
    try {
      return await work();
    } catch (error) {
      const isLast = performance.now() > end || ended.aborted;
      if (isLast || !(error instanceof SocketError) || LASTING.test(error.message)) throw error;
      await pause(DELAY, ended);
    }
  }
}
