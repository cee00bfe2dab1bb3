/** What is to be set, by key. @module */

import { ValidationException } from "../../mod.ts";

/**
 * Reads what a caller of `setMany` passed.
 *
 * @throws {ValidationException} When it is not that.
 */
export function readEntries(entries: unknown): Map<string, unknown> {
  if (typeof entries === "object" && entries !== null) {
    const pairs = Symbol.iterator in entries
      ? Array.from(entries as Iterable<unknown>)
      : Object.entries(entries);
    const isEntries = pairs.every((pair) => Array.isArray(pair) && pair.length === 2);
    if (isEntries) return new Map(pairs as [string, unknown][]);
  }
  const why = "they must be a record, a Map or pairs of a key and a value";
  throw new ValidationException(`Cannot set entries: ${why}`, entries);
}
