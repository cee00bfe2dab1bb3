import { Equality, UNHASHABLE } from "./equality.ts";
import { notPlainData, unreadable } from "./faults.ts";
import { Intermediate } from "./intermediate.ts";

/**
 * Gives the Maps and Sets that are read the keys that Python's would have: where equal keys come one
 * after another, the first stays.
 */
export class KeyIndex {
  /** Uint8Arrays that were read from a bytearray. */
  readonly bytearrays: Set<object> = new Set();
  #equality: Equality | undefined;
  readonly #indexes = new Map<object, Map<unknown, unknown>>();

  /** The key of `container` that equals `key`, else `key` itself. */
  resolve(container: object, key: unknown): unknown {
    if (!mayEqualAnother(key)) return key;
    if (key instanceof Intermediate) throw notPlainData(key.name);
    this.#equality ??= new Equality({ bytearrays: this.bytearrays, datesByIdentity: true });
    const found = this.#equality.classOf(key);
    if (found === UNHASHABLE) throw unreadable("a dict key or set item is not hashable");
    const index = this.#indexOf(container);
    if (!index.has(found)) index.set(found, key);
    return index.get(found);
  }

  #indexOf(container: object): Map<unknown, unknown> {
    const known = this.#indexes.get(container);
    if (known !== undefined) return known;
    const index = new Map<unknown, unknown>();
    this.#indexes.set(container, index);
    return index;
  }
}

/** Whether another key that is read, of another type or identity, can equal this one. */
function mayEqualAnother(key: unknown): boolean {
  if (typeof key === "string" || key === null) return false;
  if (typeof key !== "number") return true;
  return key === 0 || key === 1 || (Number.isInteger(key) && !Number.isSafeInteger(key));
}
