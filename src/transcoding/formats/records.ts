/** What the maps of other languages read as, those that hold themselves included. @module */

import { replaceWithin, setOwn } from "../pickle/dicts.ts";

/** A key and its value. */
export type Pair = readonly [key: unknown, value: unknown];

/** A plain object where all keys are strings, and a `Map` where others are among them; both in order. */
export function recordOf(
  pairs: readonly Pair[],
): Record<string, unknown> | Map<unknown, unknown> {
  if (!pairs.every(([key]) => typeof key === "string")) return new Map(pairs);
  const record: Record<string, unknown> = {};
  for (const [key, value] of pairs) setOwn(record, key as string, value);
  return record;
}

/** Stands for a container that is being read, in what it holds. */
export class Unfinished {
  /** What it has become; `undefined` until then. */
  value: object | undefined;
  /** Whether something holds it. */
  isUsed = false;
}

/** Puts containers in the place of what stood for them while they were read. */
export function finished(root: unknown): unknown {
  return replaceWithin(root, (value) => value instanceof Unfinished ? value.value : value);
}
