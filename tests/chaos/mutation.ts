/** Bytes that are nearly right. @module */

import { join } from "./framing.ts";
import type { Random } from "./random.ts";

/** What a byte is likely to mean something as. */
const TELLING = Array.from(new TextEncoder().encode("\r\n 0123456789VALUEND"));
const REFUSALS = ["SERVER_ERROR backend failure", "SERVER_ERROR", "CLIENT_ERROR no", "ERROR"]
  .map((line) => new TextEncoder().encode(`${line}\r\n`));
const LF = 0x0a;
const MOST_CHANGES = 3;
const LONGEST_PIECE = 40;

/** Makes bytes of these two parts of a stream. */
type Change = (before: Uint8Array, after: Uint8Array) => readonly Uint8Array[];

/**
 * Changes, removes or brings in a few bytes; now and then none.
 *
 * @param bytes What is changed; it is left as it is.
 * @param random Decides.
 * @param another Gives other bytes of the same kind, to bring in pieces of.
 */
export function mutate(bytes: Uint8Array, random: Random, another: () => Uint8Array): Uint8Array {
  const changes: readonly Change[] = [
    (before, after) => [before, Uint8Array.of(random.below(256)), after.subarray(1)],
    (before, after) => [before, Uint8Array.of(random.pick(TELLING)), after.subarray(1)],
    (before, after) => [before, Uint8Array.of(random.pick(TELLING)), after],
    (before, after) => [before, after.subarray(random.below(10))],
    (before, after) => [before, pieceOf(another(), random), after],
    (before, after) => random.chance(0.2) ? [before] : [before, after],
    (before, after) => {
      const lineStart = before.lastIndexOf(LF) + 1;
      return [
        before.subarray(0, lineStart),
        random.pick(REFUSALS),
        before.subarray(lineStart),
        after,
      ];
    },
  ];
  let mutated = bytes;
  for (let left = random.between(0, MOST_CHANGES); left > 0; left--) {
    const at = random.below(mutated.length + 1);
    mutated = join(random.pick(changes)(mutated.subarray(0, at), mutated.subarray(at)));
  }
  return mutated;
}

function pieceOf(bytes: Uint8Array, random: Random): Uint8Array {
  const from = random.below(bytes.length);
  return bytes.subarray(from, from + random.below(LONGEST_PIECE));
}
