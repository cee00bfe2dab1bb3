import { unreadable } from "./faults.ts";
import type { KeyIndex } from "./key_index.ts";

/** Whether `value` is an object that a dict with string keys reads as. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}

/** Sets an own property whatever its name: plain assignment to `__proto__` would set a prototype. */
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
 * Fills dicts. Each starts as a plain object and gives way to a `Map` when it gets a key that is not a
 * string; who holds the object by then is told of the `Map` by {@linkcode Dicts.current}.
 */
export class Dicts {
  readonly #keys: KeyIndex;
  readonly #maps = new Map<unknown, Map<unknown, unknown>>();
  readonly #shared = new Set<unknown>();
  #mustReplace = false;

  constructor(keys: KeyIndex) {
    this.#keys = keys;
  }

  /** Whether a plain object that gave way to a `Map` may be held by another value. */
  get mustReplace(): boolean {
    return this.#mustReplace;
  }

  /** The `Map` that a plain object gave way to, else `value` itself. */
  current(value: unknown): unknown {
    return this.#maps.get(value) ?? value;
  }

  /** As {@linkcode Dicts.current}, for a value that is about to have a second holder. */
  share(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    const current = this.current(value);
    this.#shared.add(current);
    return current;
  }

  /** Adds keys and values in turn, and returns what the dict is afterwards. */
  fill(dict: unknown, pairs: readonly unknown[]): unknown {
    if (pairs.length % 2 !== 0) throw unreadable("a dict has a key without a value");
    const target = this.#maps.size > 0 ? this.current(dict) : dict;
    if (target instanceof Map) return this.#fillMap(target, pairs);
    if (!isPlainObject(target)) throw unreadable("it sets items of what is not a dict");
    if (!haveTextKeys(pairs)) return this.#fillMap(this.#move(target), pairs);
    for (let i = 0; i < pairs.length; i += 2) setOwn(target, pairs[i] as string, pairs[i + 1]);
    return target;
  }

  #fillMap(map: Map<unknown, unknown>, pairs: readonly unknown[]): unknown {
    for (let i = 0; i < pairs.length; i += 2) {
      map.set(this.#keys.resolve(map, pairs[i]), pairs[i + 1]);
    }
    return map;
  }

  #move(object: Record<string, unknown>): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>(Object.entries(object));
    this.#maps.set(object, map);
    this.#mustReplace ||= this.#shared.has(object);
    return map;
  }
}

function haveTextKeys(pairs: readonly unknown[]): boolean {
  for (let i = 0; i < pairs.length; i += 2) if (typeof pairs[i] !== "string") return false;
  return true;
}
