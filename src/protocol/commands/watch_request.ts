/** How `watch` is asked for. @module */

import { quote, ValidationException } from "../../errors.ts";
import type { WatchKind } from "./watch.ts";

/**
 * Makes the request. It has to be alone in its packet.
 *
 * @throws {ValidationException} When a kind could be none, or there is none.
 */
export function watchRequest(kinds: readonly WatchKind[]): string {
  const words = [...new Set(kinds)];
  for (const kind of words) checkKind(kind);
  if (words.length === 0) {
    throw new ValidationException("Cannot watch nothing: there must be one kind at least", kinds);
  }
  return `watch ${words.join(" ")}\r\n`;
}

function checkKind(kind: unknown): void {
  // memcached would take "noreply" for the wish not to be told of a refusal.
  if (typeof kind === "string" && /^[a-z]{1,32}$/.test(kind) && kind !== "noreply") return;
  throw new ValidationException(
    `Cannot watch ${quote(kind)}: kinds are words of lower-case letters`,
    kind,
  );
}
