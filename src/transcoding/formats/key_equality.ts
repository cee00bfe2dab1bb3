/** Which keys of maps, and items of sets, are equal in a language that compares what they hold. @module */

import { decodeLatin1 } from "../pickle/strings.ts";
import { numberIfSafe } from "../pickle/numbers.ts";

/**
 * Gives values that are equal in the other language the same number: integers however JavaScript has them, dates of the
 * same time, and lists, maps and sets that hold equal values. It takes time in proportion to what the values hold.
 */
export class KeyEquality {
  readonly #bytesOf: (bytes: Uint8Array) => unknown;
  readonly #numbers = new Map<unknown, number>();
  readonly #objects = new Map<object, number>();
  #count = 0;

  /** @param bytesOf What tells bytes apart: themselves, if they are equal to nothing else. */
  constructor(bytesOf: (bytes: Uint8Array) => unknown = (bytes) => bytes) {
    this.#bytesOf = bytesOf;
  }

  /** The number of a value, which is not nested too deep. */
  readonly numberOf = (value: unknown): number => {
    if (typeof value === "bigint") return this.#numberFor(numberIfSafe(value));
    if (typeof value !== "object" || value === null) return this.#numberFor(value);
    const known = this.#objects.get(value);
    if (known !== undefined) return known;
    // What holds itself meets this number, and is equal to nothing else.
    this.#objects.set(value, this.#count++);
    const number = this.#numberFor(this.#contentOf(value));
    this.#objects.set(value, number);
    return number;
  };

  #numberFor(content: unknown): number {
    const number = this.#numbers.get(content) ?? this.#count++;
    this.#numbers.set(content, number);
    return number;
  }

  #contentOf(value: object): unknown {
    if (value instanceof Uint8Array) return this.#bytesOf(value);
    if (value instanceof Date) return signature("date", [value.getTime()]);
    if (Array.isArray(value)) return signature("list", value.map(this.numberOf));
    if (value instanceof Set) return signature("set", Array.from(value, this.numberOf).toSorted());
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    const numbers = entries.map((entry) => entry.map(this.numberOf).join("="));
    return signature("map", numbers.toSorted());
  }
}

/** What tells bytes apart that are equal to others with the same content. */
export function bytesSignature(bytes: Uint8Array): string {
  return signature("bytes", [decodeLatin1(bytes)]);
}

/** A text that no string equals: half a character stands before it. */
function signature(kind: string, parts: readonly unknown[]): string {
  return `\ud800${kind} ${parts.join()}`;
}
