/** What a view stores beside a value: a list that begins with the view's mark. @module */

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

/** Keeps a caller's own list from being read as a marked one. */
export function escapeValue(value: unknown): unknown {
  return isMarked(value) ? [ESCAPED, value] : value;
}

/** Undoes {@linkcode escapeValue}. */
export function unescapeValue(stored: unknown): unknown {
  return Array.isArray(stored) && stored.length === 2 && stored[0] === ESCAPED ? stored[1] : stored;
}

function isMarked(value: unknown): boolean {
  return Array.isArray(value) && typeof value[0] === "string" && value[0].startsWith(START);
}
