/**
 * JSON as other languages write it: with integers of any length, which stay exact here, and with the words
 * `NaN` and `Infinity`, which Ruby's and Python's own have.
 *
 * @module
 */

import { ClientException } from "../../errors.ts";
import { setOwn } from "../pickle/dicts.ts";
import { decodeUtf8 } from "../text.ts";
import { MOST_LEVELS } from "./byte_reader.ts";
import { entriesOf, Place } from "./plain_values.ts";

/** What `JSON.parse` does not read, or does not read exactly: only then the text is read character by character. */
const SPECIAL = /\d{16}|NaN|Infinity/;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const SPACE = /[ \t\r\n]*/y;
const WORD = /true|false|null|NaN|-?Infinity/y;
const WORDS: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  null: null,
  NaN: NaN,
  Infinity: Infinity,
  "-Infinity": -Infinity,
};
/** Longest run of digits that is read: more take more than linear time. */
const MOST_DIGITS = 4300;

/**
 * Reads JSON.
 *
 * @throws {ClientException} When it is not JSON, or nested too deep.
 */
export function readJson(data: Uint8Array): unknown {
  try {
    const text = decodeUtf8(data);
    if (SPECIAL.test(text)) return new JsonReader(text).read();
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof ClientException) throw cause;
    throw new ClientException("Cannot read item: it is not JSON", new Uint8Array(data), { cause });
  }
}

function fault(state: string): ClientException {
  return new ClientException(`Cannot read JSON: ${state}`);
}

class JsonReader {
  readonly #text: string;
  #offset = 0;
  #levels = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): unknown {
    const value = this.#value();
    this.#match(SPACE);
    if (this.#offset < this.#text.length) throw this.#fault();
    return value;
  }

  #value(): unknown {
    this.#match(SPACE);
    switch (this.#text[this.#offset]) {
      case "[":
        return this.#nested("]", [], (list: unknown[]) => list.push(this.#value()));
      case "{":
        return this.#nested("}", {}, (record: Record<string, unknown>) => this.#member(record));
      case '"':
        return this.#string();
    }
    const word = this.#match(WORD);
    return word === undefined ? this.#number() : WORDS[word];
  }

  #nested<Container>(end: string, container: Container, add: (to: Container) => void): Container {
    if (++this.#levels > MOST_LEVELS) {
      throw fault(`it is nested deeper than ${MOST_LEVELS} levels`);
    }
    this.#offset++;
    if (!this.#takes(end)) {
      do add(container); while (this.#takes(","));
      if (!this.#takes(end)) throw this.#fault();
    }
    this.#levels--;
    return container;
  }

  #member(record: Record<string, unknown>): void {
    this.#match(SPACE);
    const key = this.#string();
    if (!this.#takes(":")) throw this.#fault();
    setOwn(record, key, this.#value());
  }

  #string(): string {
    const start = this.#offset;
    if (this.#text[start] !== '"') throw this.#fault();
    let end = start;
    do end = this.#text.indexOf('"', end + 1); while (this.#isEscaped(end));
    if (end === -1) throw this.#fault();
    this.#offset = end + 1;
    return JSON.parse(this.#text.slice(start, this.#offset));
  }

  /** Whether an odd number of backslashes stands before a quote. */
  #isEscaped(quote: number): boolean {
    let at = quote;
    while (this.#text[at - 1] === "\\") at--;
    return (quote - at) % 2 === 1;
  }

  #number(): number | bigint {
    const start = this.#offset;
    const text = this.#match(NUMBER);
    if (text === undefined) throw this.#fault();
    const [, fraction, exponent] = /^[^.eE]*(\.[^eE]*)?([eE].*)?$/.exec(text) ?? [];
    const value = Number(text);
    const isExact = fraction !== undefined || exponent !== undefined || Number.isSafeInteger(value);
    if (isExact) return value;
    if (this.#offset - start <= MOST_DIGITS) return BigInt(text);
    throw fault(`it has a number of over ${MOST_DIGITS} digits`);
  }

  #takes(character: string): boolean {
    this.#match(SPACE);
    if (this.#text[this.#offset] !== character) return false;
    this.#offset++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#offset;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found !== undefined) this.#offset += found.length;
    return found;
  }

  #fault(): ClientException {
    return fault(`character ${this.#offset} is not what JSON has there`);
  }
}

/** How a language writes what JSON leaves open. */
export interface JsonStyle {
  /** What stands between items, and between a key and its value; `,` and `:` by default. */
  readonly separators?: readonly [item: string, value: string];
  /** How deep the language reads lists and objects that are nested; the writer's own limit by default. */
  readonly mostLevels?: number;
  /** Refuses a key that the language does not read. */
  checkKey?(key: string, place: Place): void;
  /** The text of a number that is no integer; `undefined` where the language's JSON has none for it. */
  float(value: number): string | undefined;
  /** The text of an integer. */
  integer(value: number | bigint, place: Place): string;
  string(value: string): string;
  /** What bytes, dates, symbols and sets are instead; JSON has nothing like them. */
  instead(value: object | symbol, place: Place): unknown;
}

/** Writes a value as JSON. */
export function writeJson(value: unknown, style: JsonStyle): string {
  return new JsonWriter(style).write(value);
}

class JsonWriter {
  readonly #style: JsonStyle;
  readonly #comma: string;
  readonly #colon: string;
  readonly #place: Place;

  constructor(style: JsonStyle) {
    this.#style = style;
    this.#place = new Place(style.mostLevels);
    [this.#comma, this.#colon] = style.separators ?? [",", ":"];
  }

  write(value: unknown): string {
    const style = this.#style;
    const plain = this.#place.classify(value);
    switch (plain.kind) {
      case "null":
        return "null";
      case "boolean":
        return String(plain.value);
      case "bigint":
        return this.#bigint(plain.value);
      case "number":
        return this.#number(plain.value);
      case "string":
        return style.string(plain.value);
      case "list":
        return this.#list(plain.value);
      case "map":
        return this.#map(plain.value);
      default:
        return this.write(style.instead(plain.value, this.#place));
    }
  }

  #number(value: number): string {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      return this.#style.integer(value, this.#place);
    }
    const text = this.#style.float(value);
    if (text === undefined) throw this.#place.fault(`${value}, for which there is no JSON`, value);
    return text;
  }

  #bigint(value: bigint): string {
    const text = this.#style.integer(value, this.#place);
    if (text.length <= MOST_DIGITS) return text;
    throw this.#place.fault(`an integer of over ${MOST_DIGITS} digits, which is not read`, value);
  }

  #list(items: readonly unknown[]): string {
    const place = this.#place;
    place.enter(items, items.length);
    // A hole is undefined, which is refused.
    const parts = Array.from(items, (item, index) => {
      place.at(index);
      return this.write(item);
    });
    place.leave();
    return `[${parts.join(this.#comma)}]`;
  }

  #map(map: ReadonlyMap<unknown, unknown> | object): string {
    const place = this.#place;
    const entries = entriesOf(map);
    place.enter(map, entries.length);
    const names = entries.map(([key]) => {
      place.at(key);
      return this.#keyOf(key);
    });
    place.checkApart(map, names, "JSON");
    const parts = entries.map(([key, item], index) => {
      const name = names[index] ?? "";
      place.at(key);
      this.#style.checkKey?.(name, place);
      return `${this.#style.string(name)}${this.#colon}${this.write(item)}`;
    });
    place.leave();
    return `{${parts.join(this.#comma)}}`;
  }

  #keyOf(key: unknown): string {
    const plain = this.#place.classify(key);
    if (plain.kind === "string") return plain.value;
    if (plain.kind === "number" || plain.kind === "bigint") return String(plain.value);
    if (plain.kind === "symbol") return plain.value.description ?? "";
    throw this.#place.fault("a Map key that is neither a string nor a number", key);
  }
}
