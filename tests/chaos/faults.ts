/** What can go wrong between a client and memcached, and how often. @module */

import type { Random } from "./random.ts";

/** What befalls a connection when it is opened. */
export type AcceptFault = "none" | "close right after accept" | "refuse";

/** What befalls a reply. */
export type ReplyFault =
  | "delay"
  | "stall"
  | "answer late"
  | "hold requests"
  | "reset"
  | "half-close"
  | "truncate in a header"
  | "truncate in a value"
  | "garbage"
  | "refuse within a reply"
  | "refuse a request"
  | "duplicate a reply"
  | "drop a reply";

/** Every fault that is counted; `split` and `merge` are how replies are cut into chunks. */
export type Fault = Exclude<AcceptFault, "none"> | ReplyFault | "split" | "merge";

const ACCEPT_FAULTS: Record<AcceptFault, number> = {
  "none": 94,
  "close right after accept": 4,
  "refuse": 2,
};

const REPLY_FAULTS: Record<ReplyFault, number> = {
  "delay": 30,
  "stall": 4,
  "answer late": 6,
  "hold requests": 6,
  "reset": 8,
  "half-close": 8,
  "truncate in a header": 8,
  "truncate in a value": 8,
  "garbage": 10,
  "refuse within a reply": 16,
  "refuse a request": 8,
  "duplicate a reply": 6,
  "drop a reply": 6,
};

/** What is going to happen to one connection. */
export interface ConnectionPlan {
  /** The probability that a chunk of replies is cut into pieces. */
  readonly splitting: number;
  /** The probability that replies wait for more, to leave as one chunk. */
  readonly merging: number;
  /** What befalls the next reply, if anything does. */
  nextReply(): ReplyFault | undefined;
}

/** Chooses what happens when a connection is opened. */
export function planAccept(random: Random): AcceptFault {
  return random.weighted(ACCEPT_FAULTS);
}

/**
 * Chooses what happens to a connection: quiet for some replies, then a fault, then quiet again for as
 * long as the connection lives.
 */
export function planConnection(random: Random): ConnectionPlan {
  const calm = random.pick([10, 100, 400]);
  let left = random.below(calm * 2);
  return {
    splitting: random.pick([0, 0.05, 0.5]),
    merging: random.pick([0, 0.02, 0.2]),
    nextReply() {
      if (left-- > 0) return undefined;
      left = random.below(calm * 2);
      return random.weighted(REPLY_FAULTS);
    },
  };
}

/** What a proxy says whose server is dead. */
export const REFUSAL = "SERVER_ERROR backend failure";

/**
 * A few bytes that no reply of memcached's to our keys and values holds. Anything else could turn a
 * stream into another one that is as valid, a digit inside a length for instance, and no client could
 * tell: against that there is TCP's checksum, and no other.
 */
export function garbage(random: Random): Uint8Array {
  return Uint8Array.from({ length: random.between(1, 8) }, () => random.between(0xf8, 0xff));
}
