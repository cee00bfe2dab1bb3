/** Reads what Ruby's `Marshal.dump` writes, as data: format 4.8, which Ruby has since 1.8. @module */

import { type ClientException, quote } from "../../../errors.ts";
import { ByteReader } from "../byte_reader.ts";
import { numberIfSafe } from "../../pickle/numbers.ts";
import { magnitudeFromBytes } from "../integers.ts";
import { finished, type Pair, recordOf, Unfinished } from "../records.ts";
import { asciiOrBytes, decodeString } from "./encodings.ts";
import { readTime } from "./time.ts";

const MAJOR = 4;
const MINOR = 8;

/** Where an object's class is that nothing is around: behind the format and the type. */
const OBJECT_OFFSET = 3;

/** As C's `strtod` reads it. Older versions of Ruby put the last bits behind a NUL. */
const FLOAT = /^[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?$/i;
const FLOAT_WORDS: Readonly<Record<string, number>> = {
  inf: Infinity,
  "-inf": -Infinity,
  nan: NaN,
};

/** What the objects are called that Marshal has a type for, and that no value is made of. */
const REFUSED: Readonly<Record<string, string>> = {
  c: "Class",
  m: "Module",
  M: "Class or Module",
  "/": "Regexp",
};

/** A Symbol while it is read; it becomes a string. */
class RubySymbol {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Instance variables of a string, which tell its encoding, or of a Time. */
type Variables = ReadonlyMap<string, unknown>;

/** An object of Ruby's, of the class that the caller asked for. */
export class RubyObject {
  readonly variables: Variables;

  constructor(variables: Variables) {
    this.variables = variables;
  }
}

/**
 * Reads a value that Ruby dumped. It never runs code, and its time and memory are proportional to the length.
 *
 * @param bytes What was dumped.
 * @param outermost The class whose objects become a {@linkcode RubyObject} if nothing is around them; none by default.
 * @throws {ClientException} When it is malformed, holds an object that is not plain data, or is followed by more bytes.
 */
export function readMarshal(bytes: Uint8Array, outermost?: string): unknown {
  return new MarshalReader(bytes, outermost).read();
}

class MarshalReader {
  readonly #reader: ByteReader;
  readonly #symbols: RubySymbol[] = [];
  /** What may be linked to, by its number. */
  readonly #objects: unknown[] = [];
  /** What Strings without an encoding are as keys: very many links may lead to one. */
  readonly #stringKeys = new Map<Uint8Array, string | Uint8Array>();
  /** How many keys of Hashes are being read, each within another. */
  #keysOpen = 0;
  #hasUnfinished = false;

  readonly #outermost: string | undefined;

  constructor(bytes: Uint8Array, outermost: string | undefined) {
    this.#reader = new ByteReader(bytes, "Marshal");
    this.#outermost = outermost;
  }

  read(): unknown {
    const reader = this.#reader;
    const [major, minor] = [reader.uint8(), reader.uint8()];
    if (major !== MAJOR || minor > MINOR) {
      throw reader.fault(`its format is ${major}.${minor}, not ${MAJOR}.${MINOR}`);
    }
    const value = this.#plainValue();
    reader.finish();
    return this.#hasUnfinished ? finished(value) : value;
  }

  readonly #fault = (state: string): Error => this.#reader.fault(state);

  /** A value as the caller gets it. */
  #plainValue(): unknown {
    const value = this.#value();
    return value instanceof RubySymbol ? value.name : value;
  }

  #value(): unknown {
    const reader = this.#reader;
    const type = String.fromCharCode(reader.uint8());
    switch (type) {
      case "0":
        return null;
      case "T":
        return true;
      case "F":
        return false;
      case "i":
        return this.#long();
      case "l":
        return this.#remember(this.#bignum());
      case "f":
        return this.#remember(this.#float());
      case '"':
        return this.#remember(new Uint8Array(reader.take(this.#length())));
      case ":":
        return this.#newSymbol(false);
      case ";":
        return this.#knownSymbol();
      case "@":
        return this.#link();
      case "[":
        return this.#array();
      case "{":
        return this.#hash();
      case "}":
        return this.#hashWithDefault();
      case "I":
        return this.#withVariables();
      case "C":
        return this.#subclass();
      case "u":
        return this.#dumped(false);
      case "o":
        return this.#object();
    }
    throw this.#refusal(type);
  }

  #remember<Value>(value: Value): Value {
    this.#objects.push(value);
    return value;
  }

  /** An integer of 31 bits, in one byte or a few, the lowest first. */
  #long(): number {
    const reader = this.#reader;
    const first = reader.int8();
    if (first === 0) return 0;
    if (first > 4) return first - 5;
    if (first < -4) return first + 5;
    const size = Math.abs(first);
    let value = first < 0 ? -1 : 0;
    for (let at = 0; at < size; at++) {
      value = value & ~(0xff << 8 * at) | reader.uint8() << 8 * at;
    }
    return value;
  }

  #length(): number {
    const length = this.#long();
    if (length >= 0) return length;
    throw this.#reader.fault("a length is negative");
  }

  #bignum(): number | bigint {
    const reader = this.#reader;
    const sign = String.fromCharCode(reader.uint8());
    if (sign !== "+" && sign !== "-") throw reader.fault("an Integer has no sign");
    const bytes = reader.take(this.#length() * 2).slice().reverse();
    try {
      const magnitude = magnitudeFromBytes(bytes);
      return numberIfSafe(sign === "-" ? -magnitude : magnitude);
    } catch (cause) {
      throw reader.fault("an Integer is larger than this runtime can hold", cause);
    }
  }

  #float(): number {
    const reader = this.#reader;
    const text = String(reader.textOrBytes(this.#length())).replace(/\0[^]*$/, "");
    if (Object.hasOwn(FLOAT_WORDS, text)) return FLOAT_WORDS[text] ?? NaN;
    if (FLOAT.test(text)) return Number(text);
    throw reader.fault(`${quote(text)} is not a Float`);
  }

  /** With variables behind it, which tell its encoding, it is known by its number before these are read. */
  #newSymbol(hasVariables: boolean): RubySymbol {
    const bytes = this.#reader.take(this.#length());
    const index = this.#symbols.length;
    this.#symbols.push(new RubySymbol("?"));
    const encoding = hasVariables ? this.#variables() : new Map([["E", true]]);
    const name = decodeString(bytes, encoding);
    if (typeof name !== "string") throw this.#reader.fault("the name of a Symbol is not text");
    return this.#symbols[index] = new RubySymbol(name);
  }

  #knownSymbol(): RubySymbol {
    const symbol = this.#symbols[this.#length()];
    if (symbol !== undefined) return symbol;
    throw this.#reader.fault("a Symbol is not there");
  }

  /** A Symbol where there must be one: the name of a class or of a variable. */
  #name(): string {
    const reader = this.#reader;
    const type = String.fromCharCode(reader.uint8());
    if (type === ":") return this.#newSymbol(false).name;
    if (type === ";") return this.#knownSymbol().name;
    if (type !== "I" || reader.uint8() !== ":".charCodeAt(0)) {
      throw reader.fault("the name of a class or variable is not a Symbol");
    }
    reader.enter();
    const { name } = this.#newSymbol(true);
    reader.leave();
    return name;
  }

  #link(): unknown {
    const number = this.#length();
    if (number >= this.#objects.length) throw this.#reader.fault("a link leads nowhere");
    const value = this.#objects[number];
    if (!(value instanceof Unfinished)) return value;
    if (this.#keysOpen > 0) throw this.#reader.fault("a key of a Hash holds the Hash");
    this.#hasUnfinished = true;
    return value;
  }

  #array(): unknown[] {
    const reader = this.#reader;
    const length = reader.count(this.#length());
    const items: unknown[] = this.#remember([]);
    reader.enter();
    for (let at = 0; at < length; at++) items.push(this.#plainValue());
    reader.leave();
    return items;
  }

  #hash(): unknown {
    const reader = this.#reader;
    const length = reader.count(this.#length(), 2);
    // Whether it is an object or a Map depends on its keys, and it may hold itself before these are known.
    const unfinished = new Unfinished();
    const number = this.#objects.push(unfinished) - 1;
    const pairs: Pair[] = [];
    reader.enter();
    for (let at = 0; at < length; at++) pairs.push([this.#key(), this.#plainValue()]);
    reader.leave();
    return this.#objects[number] = unfinished.value = hashOf(pairs, this.#fault);
  }

  #key(): unknown {
    this.#keysOpen++;
    const key = this.#value();
    this.#keysOpen--;
    if (!(key instanceof Uint8Array)) return key;
    const known = this.#stringKeys.get(key);
    if (known !== undefined) return typeof known === "string" ? known : this.#reader.ownCopy(known);
    const read = asciiOrBytes(key);
    this.#stringKeys.set(key, read);
    return read;
  }

  /** JavaScript has no defaults: what a key reads as that is not there is read and dropped. */
  #hashWithDefault(): unknown {
    const hash = this.#hash();
    this.#reader.enter();
    this.#value();
    this.#reader.leave();
    return hash;
  }

  /** A value with variables: a String's or Symbol's encoding, what else a Time has, and what others were given. */
  #withVariables(): unknown {
    const reader = this.#reader;
    const type = String.fromCharCode(reader.bytes[reader.offset] ?? 0);
    reader.enter();
    const value = this.#valueWithVariables(type);
    reader.leave();
    return value;
  }

  #valueWithVariables(type: string): unknown {
    if (type === ":" || type === "u") {
      this.#reader.advance(1);
      return type === ":" ? this.#newSymbol(true) : this.#dumped(true);
    }
    const number = this.#objects.length;
    const value = this.#value();
    const variables = this.#variables();
    if (type !== '"' || !(value instanceof Uint8Array)) return value;
    return this.#objects[number] = decodeString(value, variables);
  }

  #variables(): Variables {
    const reader = this.#reader;
    const length = reader.count(this.#length(), 2);
    const variables = new Map<string, unknown>();
    for (let at = 0; at < length; at++) variables.set(this.#name(), this.#plainValue());
    return variables;
  }

  /** A subclass of a plain class; a Hash that compares by identity is written as one of Hash itself. */
  #subclass(): unknown {
    const name = this.#name();
    if (name !== "Hash") throw this.#notPlain(name);
    this.#reader.enter();
    const value = this.#value();
    this.#reader.leave();
    return value;
  }

  /** What a class's own `_dump` wrote: of all classes, a Time is read. It is numbered after its variables. */
  #dumped(hasVariables: boolean): Date {
    const reader = this.#reader;
    const name = this.#name();
    if (name !== "Time") throw this.#notPlain(name);
    const bytes = reader.take(this.#length());
    if (hasVariables) this.#variables();
    return this.#remember(readTime(bytes));
  }

  #object(): RubyObject {
    const isOutermost = this.#objects.length === 0 && this.#reader.offset === OBJECT_OFFSET;
    const name = this.#name();
    if (!isOutermost || name !== this.#outermost) throw this.#notPlain(name);
    // Nothing that it holds may be a link to it: that has no value of its own.
    const unfinished = this.#remember(new Unfinished());
    this.#reader.enter();
    const variables = this.#variables();
    this.#reader.leave();
    return unfinished.value = new RubyObject(variables);
  }

  #refusal(type: string): ClientException {
    if (Object.hasOwn(REFUSED, type)) return this.#notPlain(REFUSED[type] ?? type);
    if ("USde".includes(type)) return this.#notPlain(this.#name());
    return this.#reader.fault(`it holds the unknown type ${quote(type)}`);
  }

  #notPlain(name: string): ClientException {
    return this.#reader.fault(`an object of class ${quote(name)} is not plain data`);
  }
}

/** A Hash: Symbols are strings among its keys, unless it also has a String of the same name. */
function hashOf(
  pairs: readonly Pair[],
  fault: (state: string) => Error,
): Record<string, unknown> | Map<unknown, unknown> {
  const names = new Set(pairs.map(([key]) => key).filter((key) => typeof key === "string"));
  const clashes = pairs.some(([key]) => key instanceof RubySymbol && names.has(key.name));
  const read = pairs.map(([key, value]): Pair => {
    if (!(key instanceof RubySymbol)) return [key, value];
    return [clashes ? Symbol.for(key.name) : key.name, value];
  });
  return recordOf(read, fault);
}
