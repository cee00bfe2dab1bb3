/** Which server a key lives on, and why. @module */

import type { Session } from "../commands/session.ts";
import type { KeyExplanation, KeyLocation } from "../routing/locator.ts";
import { checkKey } from "../protocol/key.ts";

/** Tells which server a key lives on. */
export function locate(session: Session, key: string): KeyLocation {
  checkKey(key, "locate");
  return session.route.locate(key);
}

/** Tells which server a key lives on, and why. */
export function explain(session: Session, key: string): KeyExplanation {
  checkKey(key, "explain");
  return session.route.explain(key);
}
