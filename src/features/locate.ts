/** Which server a key lives on, and why. @module */

import type { Session } from "../commands/session.ts";
import { type KeyExplanation, type KeyLocation, UNEXPLAINED } from "../routing/locator.ts";

/** Tells which server a key lives on. */
export function locate(session: Session, key: string): KeyLocation {
  session.checkKey(key, "locate");
  const { member, index } = session.route.find(key);
  return { key, server: member.server.name, index };
}

/** Tells which server a key lives on, and why. */
export function explain(session: Session, key: string): KeyExplanation {
  session.checkKey(key, "explain");
  const { member, index, distribution: { members, locator } } = session.route.find(key);
  const where = { key, server: member.server.name, index };
  const explanation = members[locator.locate(key)] === member
    ? locator.explain?.(key) ?? UNEXPLAINED
    : { ...UNEXPLAINED, why: "its own server is down" };
  // Twice: so that it is printed first, and so that the locator cannot replace it.
  return { ...where, ...explanation, ...where };
}
