/** Values that many callers get: how they are kept from changing each other's. @module */

import { ownValue } from "../own_value.ts";

/** A value that is kept, and how it is handed out. */
export interface SharedValue {
  /** About how much memory it takes, in bytes. */
  readonly byteLength: number;
  /** Gives a value that a caller cannot change for others. */
  readonly take: () => unknown;
}

/** What a value takes beside its content, in bytes. */
const OVERHEAD = 32;
/** What a plain object or a list takes more; a `Date`, a `Map` or a `Set`; and bytes, as measured in V8. */
const PLAIN_OVERHEAD = 32;
const BUILT_IN_OVERHEAD = 270;
const BYTES_OVERHEAD = 320;
/** Values that are nested deeper are not kept. */
const DEEPEST = 200;

/**
 * Prepares a value for being handed out many times. Strings, numbers and the like are as they are. Plain objects and
 * lists are frozen, with all that is in them. Where bytes, a `Date`, a `Map` or a `Set` is part of the value, which
 * cannot be frozen, every caller gets a clone.
 *
 * @returns `undefined` for a value that can be neither frozen nor cloned, such as one with functions or of a class.
 */
export function share(value: unknown): SharedValue | undefined {
  const look: Look = { byteLength: 0, isFreezable: true, seen: new Set() };
  if (!measure(value, look, 0)) return undefined;
  const { byteLength } = look;
  if (look.isFreezable) {
    // Some may be frozen already, and what is in them not.
    for (const part of look.seen) Object.freeze(part);
    return { byteLength, take: giving(value) };
  }
  // Callers that got the value may change it.
  return { byteLength, take: copying(ownValue(value)) };
}

// Functions of one scope keep alive all that any of them uses: with these in `share`, a copy would keep its original.
function giving(value: unknown): () => unknown {
  return () => value;
}

function copying(kept: unknown): () => unknown {
  return () => ownValue(kept);
}

/** Copies a value for another caller; `undefined` for one that {@linkcode share} does not take. */
export function copied(value: unknown): { readonly value: unknown } | undefined {
  const look: Look = { byteLength: 0, isFreezable: true, seen: new Set() };
  return measure(value, look, 0) ? { value: ownValue(value) } : undefined;
}

/** What is known of a value so far. */
interface Look {
  byteLength: number;
  isFreezable: boolean;
  /** Its objects: one that is in several places is looked at once, or lists of lists would take for ever. */
  readonly seen: Set<object>;
}

/** Adds up what a value takes; tells whether it consists of what can be shared. */
function measure(value: unknown, look: Look, depth: number): boolean {
  look.byteLength += OVERHEAD;
  if (typeof value === "string") look.byteLength += value.length * 2;
  if (typeof value === "function" || typeof value === "symbol") return false;
  if (typeof value !== "object" || value === null) return true;
  if (depth > DEEPEST) return false;
  if (look.seen.has(value)) return true;
  look.seen.add(value);
  const inner = (part: unknown) => measure(part, look, depth + 1);
  const prototype: unknown = Object.getPrototypeOf(value);
  look.byteLength += PLAIN_OVERHEAD;
  if (Array.isArray(value) && prototype === Array.prototype) return value.every(inner);
  if (prototype === Object.prototype || prototype === null) {
    return Object.entries(value).every(([name, part]) => {
      look.byteLength += name.length * 2;
      return inner(part);
    });
  }
  look.isFreezable = false;
  if (ArrayBuffer.isView(value)) {
    look.byteLength += value.byteLength + BYTES_OVERHEAD;
    // A Buffer of Node's is of another class.
    return Object.getPrototypeOf(prototype)?.constructor?.name === "TypedArray" ||
      value instanceof DataView;
  }
  look.byteLength += BUILT_IN_OVERHEAD;
  if (prototype === Date.prototype) return true;
  if (prototype === Set.prototype) return [...value as Set<unknown>].every(inner);
  if (prototype === Map.prototype) return [...value as Map<unknown, unknown>].flat().every(inner);
  return false;
}
