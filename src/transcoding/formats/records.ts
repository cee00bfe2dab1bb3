/** What the maps and sets of other languages read as, those that hold themselves included. @module */

import { quote } from "../../errors.ts";
import { replaceWithin, setOwn } from "../pickle/dicts.ts";

/** A key and its value. */
export type Pair = readonly [key: unknown, value: unknown];

/** Makes the error of a format. */
type Fault = (state: string) => Error;

/**
 * A plain object where all keys are strings, and a `Map` where others are among them; both in order.
 *
 * @throws {Error} When keys that differ in the other language are the same in JavaScript: one value would be lost.
 */
export function recordOf(
  pairs: readonly Pair[],
  fault: Fault,
): Record<string, unknown> | Map<unknown, unknown> {
  if (!pairs.every(([key]) => typeof key === "string")) return mapOf(pairs, fault);
  const record: Record<string, unknown> = {};
  for (const [key, value] of pairs) addOwn(record, key as string, value, fault);
  return record;
}

function mapOf(pairs: readonly Pair[], fault: Fault): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (const [key, value] of pairs) {
    if (map.has(key)) throw fault(sameKeys(key));
    map.set(key, value);
  }
  return map;
}

/**
 * Adds a key and its value to a plain object.
 *
 * @throws {Error} When it has the key already.
 */
export function addOwn(
  record: Record<string, unknown>,
  key: string,
  value: unknown,
  fault: Fault,
): void {
  if (Object.hasOwn(record, key)) throw fault(sameKeys(key));
  setOwn(record, key, value);
}

/** @throws {Error} When items that differ in the other language are the same in JavaScript. */
export function setOf(items: readonly unknown[], fault: Fault): Set<unknown> {
  const set = new Set<unknown>();
  for (const item of items) {
    if (set.has(item)) throw fault(`a set has two items that are both ${show(item)} in JavaScript`);
    set.add(item);
  }
  return set;
}

function sameKeys(key: unknown): string {
  return `a map has two keys that are both ${show(key)} in JavaScript`;
}

function show(value: unknown): string {
  if (typeof value === "string") return quote(value);
  return typeof value === "object" && value !== null ? "one object" : String(value);
}

/** Stands for a container that is being read, in what it holds. */
export class Unfinished {
  /** What it has become; `undefined` until then. */
  value: object | undefined;
}

/** Puts containers in the place of what stood for them while they were read. */
export function finished(root: unknown): unknown {
  return replaceWithin(root, (value) => value instanceof Unfinished ? value.value : value);
}
