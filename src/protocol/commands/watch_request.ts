/** The request of `watch`. @module */

import { quote, ValidationException } from "../../errors.ts";
import type { WatchKind } from "./watch.ts";

/**
 * Makes the request. It must be sent alone.
 *
 * @throws {ValidationException} When a kind is not a lower-case word, or there is none.
 */
export function watchRequest(kinds: readonly WatchKind[]): string {
  // What is no list is refused as a kind, unless it is one.
  const words = [...new Set([kinds].flat())];
  for (const kind of words) checkKind(kind);
  if (words.length === 0) {
    throw new ValidationException("Cannot watch nothing: there must be at least one kind", kinds);
  }
  return `watch ${words.join(" ")}\r\n`;
}

function checkKind(kind: unknown): void {
  // memcached would read "noreply" as an option that suppresses its reply.
  if (typeof kind === "string" && /^[a-z]{1,32}$/.test(kind) && kind !== "noreply") return;
  throw new ValidationException(
    `Cannot watch kind ${quote(kind)}: kinds are words of lower-case letters`,
    kind,
  );
}
