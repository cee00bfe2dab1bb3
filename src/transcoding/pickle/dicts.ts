/** Builds dicts while a pickle is read, and the final value. @module */

import { unreadable } from "./byte_source.ts";
import type { KeyIndex } from "./keys.ts";
import { callOf, madeByCall } from "./python_types.ts";

/** Whether `value` is a plain object: a dict with string keys is read as one. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}

/**
 * Fills dicts. Each begins as a plain object, and is replaced by a `Map` when a key is not a string. Values that
 * already refer to the object get the `Map` at the end, through {@linkcode replaceWithin}.
 */
export class Dicts {
  readonly #keys: KeyIndex;
  readonly #maps = new Map<unknown, Map<unknown, unknown>>();
  #hasShared = false;
  #mustReplace = false;

  constructor(keys: KeyIndex) {
    this.#keys = keys;
  }

  /** Whether another value may refer to a plain object that was replaced by a `Map`. */
  get mustReplace(): boolean {
    return this.#mustReplace;
  }

  /** The `Map` that replaced a plain object, or otherwise `value` itself. */
  current(value: unknown): unknown {
    return this.#maps.get(value) ?? value;
  }

  /** As {@linkcode Dicts.current}, for a value that is about to get a second reference. */
  share(value: unknown): unknown {
    if (typeof value !== "object") return value;
    this.#hasShared = true;
    return this.current(value);
  }

  /** Adds alternating keys and values, and returns the dict. */
  fill(dict: unknown, pairs: readonly unknown[]): unknown {
    if (pairs.length % 2 !== 0) throw unreadable("a dict has a key without a value");
    const target = this.#maps.size > 0 ? this.current(dict) : dict;
    if (target instanceof Map) return this.#fillMap(target, pairs);
    if (!isPlainObject(target)) throw unreadable("it sets items of something that is not a dict");
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i];
      if (typeof key !== "string") return this.#fillMap(this.#replace(target), pairs.slice(i));
      setOwn(target, key, pairs[i + 1]);
    }
    return target;
  }

  #fillMap(map: Map<unknown, unknown>, pairs: readonly unknown[]): unknown {
    for (let i = 0; i < pairs.length; i += 2) {
      map.set(this.#keys.resolve(map, pairs[i]), pairs[i + 1]);
    }
    return map;
  }

  #replace(object: Record<string, unknown>): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>(Object.entries(object));
    const call = callOf(object);
    if (call !== undefined) madeByCall(map, call);
    this.#maps.set(object, map);
    this.#mustReplace ||= this.#hasShared;
    return map;
  }
}

/** Sets an own property with any name. A plain assignment to `__proto__` would set the prototype. */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") object[key] = value;
  else {
    Object.defineProperty(object, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
}

/**
 * Replaces every value within `root`, and `root` itself, by the result of `replacementOf`. Keys of Maps and items of
 * Sets are not replaced: values that need replacing are refused there.
 */
export function replaceWithin(root: unknown, replacementOf: (value: unknown) => unknown): unknown {
  const seen = new Set<unknown>();
  const pending: unknown[] = [];
  const replace = (value: unknown): unknown => {
    const replacement = replacementOf(value);
    if (typeof replacement === "object" && !seen.has(replacement)) {
      seen.add(replacement);
      pending.push(replacement);
    }
    return replacement;
  };
  const result = replace(root);
  while (pending.length > 0) replaceItems(pending.pop(), replace);
  return result;
}

function replaceItems(container: unknown, replace: (value: unknown) => unknown): void {
  if (Array.isArray(container)) {
    for (let i = 0; i < container.length; i++) container[i] = replace(container[i]);
  } else if (container instanceof Map) {
    for (const [key, value] of container) container.set(key, replace(value));
  } else if (isPlainObject(container)) {
    // Every key is an own property already, so even `__proto__` can be assigned.
    for (const key of Object.keys(container)) container[key] = replace(container[key]);
  }
}
