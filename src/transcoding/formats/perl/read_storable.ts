/** Reading what Perl's Storable writes with `nfreeze`, or with `freeze` on 64-bit machines, as data. @module */

import { quote } from "../../../errors.ts";
import { decodeLatin1 } from "../../pickle/strings.ts";
import { numberIfSafe } from "../../pickle/numbers.ts";
import { ByteReader } from "../byte_reader.ts";
import { addOwn } from "../records.ts";
import { code, keyFlag, MAJOR, NATIVE_ORDER } from "./storable.ts";

/** What values are called that no plain data stands for. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [code.tiedArray, "a tied array"],
  [code.tiedHash, "a tied hash"],
  [code.tiedScalar, "a tied scalar"],
  [code.tiedKey, "a tied hash's item"],
  [code.tiedIndex, "a tied array's item"],
  [code.knownBless, "a blessed object"],
  [code.sub, "a sub"],
  [code.regexp, "an object of class Regexp"],
]);
/** Set in what says how long the name of a class is, when four bytes with the length follow. */
const LONG_NAME = 0x80;
/** Bits of an object that its class froze itself: what stands before the name of the class. */
const HOOK = { longName: 0x04, knownClass: 0x20, holdsOthers: 0x80 } as const;

/**
 * Reads what Storable froze. It runs nothing, and takes time and memory in proportion to the length.
 *
 * @throws {ClientException} When it is broken, holds what is not plain data, or is followed by anything.
 */
export function readStorable(bytes: Uint8Array): unknown {
  return new StorableReader(bytes).read();
}

class StorableReader {
  readonly #reader: ByteReader;
  /** Everything that was read, by its number; a hole stands for a reference to what is not known yet. */
  readonly #values: unknown[] = [];
  /** Whether numbers are as the machine has them, the lowest byte first. */
  #isNative = false;

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes, "Storable");
  }

  read(): unknown {
    this.#header();
    const value = this.#value();
    this.#reader.finish();
    return value;
  }

  #header(): void {
    const reader = this.#reader;
    const version = reader.uint8();
    reader.advance(1);
    if (version >> 1 !== MAJOR) {
      throw reader.fault(`its version is ${version >> 1}, not ${MAJOR}`);
    }
    if ((version & 1) === 1) return;
    this.#isNative = true;
    const order = decodeLatin1(reader.take(reader.uint8() + 4));
    if (order === NATIVE_ORDER) return;
    throw reader.fault("it is from a machine whose numbers are not little-endian, and of 64 bits");
  }

  #value(): unknown {
    const reader = this.#reader;
    const type = reader.uint8();
    if (type === code.object) return this.#known();
    const number = this.#values.push(undefined) - 1;
    switch (type) {
      case code.reference:
      case code.overloaded:
      case code.weakReference:
      case code.weakOverloaded:
        return this.#values[number] = this.#nested();
      case code.array:
        return this.#array(number);
      case code.hash:
      case code.flagHash:
        return this.#hash(number, type === code.flagHash);
      case code.versionString:
      case code.longVersionString:
        reader.take(type === code.versionString ? reader.uint8() : this.#length());
        this.#values.pop();
        return this.#nested();
    }
    return this.#values[number] = this.#scalar(type);
  }

  /** What a reference leads to: an array or hash, which counts as a level itself, or anything else. */
  #nested(): unknown {
    const reader = this.#reader;
    const type = reader.bytes[reader.offset];
    if (type === code.array || type === code.hash || type === code.flagHash) return this.#value();
    reader.enter();
    const value = this.#value();
    reader.leave();
    return value;
  }

  #scalar(type: number): unknown {
    const reader = this.#reader;
    switch (type) {
      case code.undef:
      case code.undefValue:
      case code.undefItem:
        return null;
      case code.yes:
      case code.true:
        return true;
      case code.no:
      case code.false:
        return false;
      case code.byte:
        return reader.uint8() - 128;
      case code.networkInteger:
        return reader.int32();
      case code.integer:
        return numberIfSafe(reader.int64(this.#isNative));
      case code.double:
        return reader.float64(this.#isNative);
      case code.scalar:
        return reader.textOrBytes(reader.uint8());
      case code.longScalar:
        return reader.textOrBytes(this.#length());
      case code.utf8:
        return reader.text(reader.uint8());
      case code.longUtf8:
        return reader.text(this.#length());
    }
    throw this.#refusal(type);
  }

  #length(): number {
    return this.#reader.uint32(this.#isNative);
  }

  #known(): unknown {
    // This number is in network order wherever it was written.
    const value = this.#values[this.#reader.uint32()];
    if (value !== undefined) return value;
    throw this.#reader.fault("a reference leads nowhere, or to itself");
  }

  #array(number: number): unknown[] {
    const reader = this.#reader;
    const count = reader.count(this.#length());
    const items: unknown[] = [];
    this.#values[number] = items;
    reader.enter();
    for (let at = 0; at < count; at++) items.push(this.#value());
    reader.leave();
    return items;
  }

  #hash(number: number, hasFlags: boolean): Record<string, unknown> {
    const reader = this.#reader;
    if (hasFlags) reader.advance(1);
    const count = reader.count(this.#length(), 5);
    const record: Record<string, unknown> = {};
    this.#values[number] = record;
    reader.enter();
    for (let at = 0; at < count; at++) {
      const value = this.#value();
      const flags = hasFlags ? reader.uint8() : 0;
      if ((flags & keyFlag.isScalar) !== 0) throw reader.fault("a key of a hash is not a string");
      const key = this.#key(flags);
      if ((flags & keyFlag.placeholder) !== 0) continue;
      addOwn(record, key, value, (state) => reader.fault(state));
    }
    reader.leave();
    return record;
  }

  /** A key in UTF-8 if it is, else in ISO 8859-1, which Perl has for strings without a mark. */
  #key(flags: number): string {
    const bytes = this.#reader.take(this.#length());
    const wasUtf8 = (flags & keyFlag.wasUtf8) !== 0;
    const text = wasUtf8 ? undefined : new ByteReader(bytes, "Storable").textOrBytes(bytes.length);
    return typeof text === "string" ? text : decodeLatin1(bytes);
  }

  #refusal(type: number): Error {
    const reader = this.#reader;
    const what = type === code.bless
      ? `an object of class ${quote(this.#className())}`
      : type === code.hook
      ? this.#hookedObject()
      : REFUSED.get(type);
    if (what !== undefined) return reader.fault(`${what} is not plain data`);
    return reader.fault(`it holds the unknown type ${type}`);
  }

  #className(): string {
    const reader = this.#reader;
    const short = reader.uint8();
    return decodeLatin1(reader.take((short & LONG_NAME) === 0 ? short : this.#length()));
  }

  #hookedObject(): string {
    const reader = this.#reader;
    const flags = reader.uint8();
    if ((flags & (HOOK.holdsOthers | HOOK.knownClass)) !== 0) return "an object that froze itself";
    const length = (flags & HOOK.longName) === 0 ? reader.uint8() : this.#length();
    return `an object of class ${quote(decodeLatin1(reader.take(length)))}`;
  }
}
