/** The plain values that other languages have like JavaScript, while they are written. @module */

import { quote, ValidationException } from "../../errors.ts";
import { MOST_LEVELS } from "./byte_reader.ts";

/** Most steps of the way to a value that a message names. */
const MOST_STEPS = 20;
/** How many items are written again at most, because something holds their container once more. */
const MOST_REPEATED = 2 ** 18;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** A value that may be written, by its kind. */
export type PlainValue =
  | { readonly kind: "null" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "bigint"; readonly value: bigint }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "symbol"; readonly value: symbol }
  | { readonly kind: "bytes"; readonly value: Uint8Array }
  | { readonly kind: "date"; readonly value: Date }
  | { readonly kind: "list"; readonly value: readonly unknown[] }
  | { readonly kind: "set"; readonly value: ReadonlySet<unknown> }
  | { readonly kind: "map"; readonly value: ReadonlyMap<unknown, unknown> | object };

/** Where in a value the writer is: for messages, and so that writing it has an end. */
export class Place {
  readonly #containers: object[] = [];
  readonly #open = new Set<object>();
  readonly #seen = new Set<object>();
  readonly #steps: string[] = [];
  readonly #mostLevels: number;
  #repeated = 0;

  /** @param mostLevels How deep containers may be nested. */
  constructor(mostLevels: number = MOST_LEVELS) {
    this.#mostLevels = mostLevels;
  }

  /** Begins a container that the format can link to, so that it is written once. */
  enterLinked(container: object): void {
    if (this.#containers.length >= this.#mostLevels) {
      throw this.fault(`it is nested deeper than ${this.#mostLevels} levels`, container);
    }
    this.#containers.push(container);
    this.#steps.push("");
  }

  /** Begins a container with `length` items, which is written each time it occurs. */
  enter(container: object, length: number): void {
    if (this.#open.has(container)) throw this.fault("it holds itself", container);
    // A few containers that hold one another twice each would become a tree of any size.
    if (this.#seen.has(container)) this.#repeated += length + 1;
    if (this.#repeated > MOST_REPEATED) {
      throw this.fault("it holds the same objects over and over", container);
    }
    this.enterLinked(container);
    this.#open.add(container);
    this.#seen.add(container);
  }

  /** Says which item of the container comes next. */
  at(step: unknown): void {
    this.#steps[this.#steps.length - 1] = showStep(step);
  }

  /** Ends the container. */
  leave(): void {
    const container = this.#containers.pop();
    if (container !== undefined) this.#open.delete(container);
    this.#steps.pop();
  }

  /**
   * Checks that the keys of a map, or the items of a set, stay apart in the other language.
   *
   * @param keys The keys or items, or what they become there.
   * @param numberOf What is the same for keys that are equal there; by default the keys themselves.
   * @throws {ValidationException} When two are equal: one of them would be lost.
   */
  checkApart(
    container: object,
    keys: readonly unknown[],
    language: string,
    numberOf: (key: unknown) => unknown = (key) => key,
  ): void {
    const seen = new Set<unknown>();
    for (const key of keys) {
      const number = numberOf(key);
      if (seen.has(number)) {
        const what = container instanceof Set ? "items" : "keys";
        throw this.fault(`two ${what} that are both ${show(key)} in ${language}`, container);
      }
      seen.add(number);
    }
  }

  /** An error that says where in the whole value the one at fault is. */
  fault(state: string, value: unknown): ValidationException {
    const rest = this.#steps.length > MOST_STEPS ? "…" : "";
    const path = (this.#steps.slice(0, MOST_STEPS).join("") + rest).replace(/^\./, "");
    const place = path === "" ? "" : ` at ${quote(path)}`;
    return new ValidationException(`Cannot store value: ${state}${place}`, value);
  }

  /**
   * Tells what kind a value is of.
   *
   * @throws {ValidationException} If no language has anything like it.
   */
  classify(value: unknown): PlainValue {
    switch (typeof value) {
      case "string":
        if (!value.isWellFormed()) throw this.fault("a string with a lone surrogate", value);
        return { kind: "string", value };
      case "number":
        return { kind: "number", value };
      case "boolean":
        return { kind: "boolean", value };
      case "bigint":
        return { kind: "bigint", value };
      case "symbol":
        return { kind: "symbol", value };
      case "object":
        return value === null ? { kind: "null" } : this.#classifyObject(value);
      default:
        throw this.fault(value === undefined ? "undefined" : `a ${typeof value}`, value);
    }
  }

  #classifyObject(value: object): PlainValue {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      if (Object.getOwnPropertySymbols(value).length === 0) return { kind: "map", value };
      throw this.fault("an object with a symbol as a key", value);
    }
    if (prototype === Array.prototype && Array.isArray(value)) return { kind: "list", value };
    if (prototype === Map.prototype) return { kind: "map", value };
    if (prototype === Set.prototype) return { kind: "set", value: value as ReadonlySet<unknown> };
    if (value instanceof Uint8Array) return { kind: "bytes", value };
    if (prototype !== Date.prototype) {
      throw this.fault(`an instance of ${classNameOf(value)}`, value);
    }
    const date = value as Date;
    if (Number.isNaN(date.getTime())) throw this.fault("an invalid Date", date);
    return { kind: "date", value: date };
  }
}

/** The keys and values of a Map, or of a plain object. */
export function entriesOf(
  map: ReadonlyMap<unknown, unknown> | object,
): readonly (readonly [unknown, unknown])[] {
  return map instanceof Map ? [...map] : Object.entries(map);
}

function showStep(step: unknown): string {
  if (typeof step === "number") return `[${step}]`;
  if (typeof step !== "string") return `.get(${typeof step === "object" ? "…" : String(step)})`;
  return IDENTIFIER.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

function show(key: unknown): string {
  if (typeof key === "object" && key !== null) return "one object";
  return JSON.stringify(String(key));
}

function classNameOf(value: object): string {
  const constructor: unknown = value.constructor;
  return typeof constructor === "function" && constructor.name !== ""
    ? constructor.name
    : "an unnamed class";
}
