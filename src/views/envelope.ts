/** What a view stores beside a value: a list that begins with the view's mark. @module */

import { isPromise } from "../option_checks.ts";
import { type KeyCommands, ValidationException } from "../../mod.ts";
import { sessionOf } from "../commands/session.ts";

/** Every mark begins with this. A caller's list that does so too is stored in a list of its own. */
const START = "~moecache-";
const ESCAPED = `${START}list`;

/**
 * Puts a value and what belongs to it under a view's mark.
 *
 * @param name The name of the view.
 * @param parts What is stored under it.
 * @returns A list, which every transcoder for plain data can represent.
 */
export function envelope(name: string, ...parts: unknown[]): unknown[] {
  return [START + name, ...parts];
}

/**
 * Opens what {@linkcode envelope} made.
 *
 * @returns The parts; `undefined` when the value is not marked as this view's.
 */
export function openEnvelope(name: string, stored: unknown): unknown[] | undefined {
  return Array.isArray(stored) && stored[0] === START + name ? stored.slice(1) : undefined;
}

/** Clients that have been found to store lists: their transcoder stays the same. */
const storingLists = /* @__PURE__ */ new WeakSet<KeyCommands>();

/**
 * Checks that a client can store what {@linkcode envelope} makes.
 *
 * @param client The client; the transcoder of one that is a view itself is not known.
 * @param key The key, for the message.
 * @throws {ValidationException} When its transcoder refuses lists.
 */
export function checkStoresLists(client: KeyCommands, key: string): void {
  if (storingLists.has(client)) return;
  try {
    const written = sessionOf(client)?.writeItem(envelope(""));
    // One that fails later is refused when it is sent.
    if (isPromise(written)) written.catch(() => {});
  } catch (cause) {
    const why = "the view stores it in a list, which the client's transcoder refuses";
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot store value of key ${JSON.stringify(key)}: ${why}: ${reason}`;
    throw new ValidationException(message, undefined, { cause });
  }
  storingLists.add(client);
}

/** Keeps a caller's own list from being read as a marked one. */
export function escapeValue(value: unknown): unknown {
  return isMarked(value) ? [ESCAPED, value] : value;
}

/** Undoes {@linkcode escapeValue}. */
export function unescapeValue(stored: unknown): unknown {
  return Array.isArray(stored) && stored.length === 2 && stored[0] === ESCAPED ? stored[1] : stored;
}

/** Whether a value is such a list. */
export function isMarked(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] === "string" && value[0].startsWith(START);
}
