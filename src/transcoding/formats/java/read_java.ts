/** Reading what Java's `ObjectOutputStream` writes, as data. @module */

import { quote } from "../../../errors.ts";
import { ByteReader } from "../byte_reader.ts";
import { finished, Unfinished } from "../records.ts";
import { classFlag, code, FIRST_HANDLE, MAGIC, VERSION } from "./java_classes.ts";
import { isReadable, type JavaObject, valueOfObject } from "./java_objects.ts";
import { decodeJava } from "./java_strings.ts";

/** A class as the stream describes it. */
interface Descriptor {
  readonly name: string;
  readonly flags: number;
  readonly fields: readonly (readonly [type: string, name: string])[];
  parent: Descriptor | null;
}

/** What a handle refers to: a class, whose name is not returned, or a value. */
type Handle = { readonly descriptor: Descriptor } | { readonly value: unknown };

const PRIMITIVES = "BCDFIJSZ";

/**
 * Reads an object that Java serialized. It makes no class, runs nothing, and takes time and memory in proportion to
 * the length.
 *
 * @throws {ClientException} When it is broken, holds an object that is not plain data, or is followed by anything.
 */
export function readJava(bytes: Uint8Array): unknown {
  return new JavaReader(bytes).read();
}

class JavaReader {
  readonly #reader: ByteReader;
  readonly #handles: Handle[] = [];
  #hasUnfinished = false;
  /** Whether something was made that an object cannot be put into afterwards: a Set, or a Map by its keys. */
  #isSealed = false;

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes, "Java");
  }

  read(): unknown {
    const reader = this.#reader;
    if (reader.uint16() !== MAGIC || reader.uint16() !== VERSION) {
      throw this.#fault("it is not a stream of Java's serialization");
    }
    const value = this.#content(reader.uint8());
    reader.finish();
    if (!this.#hasUnfinished) return value;
    if (this.#isSealed) {
      throw this.#fault("an object that holds itself is with a set, or with keys");
    }
    return finished(value);
  }

  readonly #fault = (state: string, cause?: unknown): Error => this.#reader.fault(state, cause);

  #content(type: number): unknown {
    const reader = this.#reader;
    reader.enter();
    const value = this.#value(type);
    reader.leave();
    return value;
  }

  #value(type: number): unknown {
    switch (type) {
      case code.null:
        return null;
      case code.reference:
        return this.#reference();
      case code.string:
      case code.longString:
        return this.#string(type === code.longString);
      case code.object:
        return this.#object();
      case code.array:
        return this.#array();
      case code.enumConstant:
        throw this.#notPlain(this.#classOf().name);
      case code.class:
        throw this.#notPlain("java.lang.Class");
    }
    throw this.#fault(`it holds the unknown part ${type}`);
  }

  #reference(): unknown {
    const handle = this.#handles[this.#reader.uint32() - FIRST_HANDLE];
    if (handle === undefined || !("value" in handle)) {
      throw this.#fault("a reference leads nowhere");
    }
    const { value } = handle;
    if (value instanceof Unfinished && value.value === undefined) this.#hasUnfinished = true;
    return value instanceof Unfinished ? value.value ?? value : value;
  }

  #text(length: number): string {
    const text = decodeJava(this.#reader.take(length));
    if (text !== undefined) return text;
    throw this.#fault("a String is not in modified UTF-8");
  }

  #string(isLong: boolean): string {
    const reader = this.#reader;
    const value = this.#text(isLong ? Number(reader.uint64()) : reader.uint16());
    this.#handles.push({ value });
    return value;
  }

  #name(): string {
    return this.#text(this.#reader.uint16());
  }

  #notPlain(name: string): Error {
    return this.#fault(`an object of class ${quote(name)} is not plain data`);
  }

  /** The class of what follows, which has to have one. */
  #classOf(): Descriptor {
    const descriptor = this.#descriptor();
    if (descriptor !== null) return descriptor;
    throw this.#fault("an object has no class");
  }

  #descriptor(): Descriptor | null {
    const reader = this.#reader;
    const type = reader.uint8();
    if (type === code.null) return null;
    if (type === code.proxy) throw this.#notPlain("java.lang.reflect.Proxy");
    if (type === code.classDescriptor) return this.#newDescriptor();
    const handle = type === code.reference
      ? this.#handles[reader.uint32() - FIRST_HANDLE]
      : undefined;
    if (handle !== undefined && "descriptor" in handle) return handle.descriptor;
    throw this.#fault("an object has no class");
  }

  #newDescriptor(): Descriptor {
    const reader = this.#reader;
    const name = this.#name();
    reader.advance(8);
    const fields: [string, string][] = [];
    const number = this.#handles.length;
    const descriptor: Descriptor = { name, flags: reader.uint8(), fields, parent: null };
    this.#handles[number] = { descriptor };
    const count = reader.count(reader.uint16(), 3);
    for (let at = 0; at < count; at++) {
      const type = String.fromCharCode(reader.uint8());
      fields.push([type, this.#name()]);
      if (!PRIMITIVES.includes(type)) this.#content(reader.uint8());
    }
    this.#more();
    reader.enter();
    descriptor.parent = this.#descriptor();
    reader.leave();
    return descriptor;
  }

  #object(): unknown {
    const descriptor = this.#classOf();
    if (!isReadable(descriptor.name)) throw this.#notPlain(descriptor.name);
    const unfinished = new Unfinished();
    const number = this.#handles.push({ value: unfinished }) - 1;
    const object: JavaObject = { fields: new Map(), bytes: [], items: [] };
    for (const part of this.#chainOf(descriptor)) this.#part(part, object);
    const value = valueOfObject(descriptor.name, object, this.#fault);
    if (value instanceof Set || value instanceof Map) this.#isSealed = true;
    if (typeof value === "object" && value !== null) unfinished.value = value;
    this.#handles[number] = { value };
    return value;
  }

  /** A class and those that it extends, from the most general on, as objects are written. */
  #chainOf(descriptor: Descriptor): readonly Descriptor[] {
    const chain: Descriptor[] = [];
    for (let at: Descriptor | null = descriptor; at !== null; at = at.parent) {
      if (chain.includes(at) || chain.length > 8) throw this.#fault("a class extends itself");
      if ((at.flags & classFlag.externalizable) !== 0) throw this.#notPlain(at.name);
      chain.unshift(at);
    }
    return chain;
  }

  #part({ flags, fields }: Descriptor, object: JavaObject): void {
    if ((flags & classFlag.serializable) === 0) return;
    for (const [type, name] of fields) object.fields.set(name, this.#field(type));
    if ((flags & classFlag.writesMore) === 0) return;
    const { bytes, items } = this.#more();
    object.bytes.push(...bytes);
    // One by one: there may be more than a call takes arguments.
    for (const item of items) object.items.push(item);
  }

  #field(type: string): unknown {
    const reader = this.#reader;
    switch (type) {
      case "B":
        return reader.int8();
      case "C":
        return String.fromCharCode(reader.uint16());
      case "D":
        return reader.float64();
      case "F":
        return reader.float32();
      case "I":
        return reader.int32();
      case "J":
        return reader.int64();
      case "S":
        return reader.int16();
      case "Z":
        return reader.uint8() !== 0;
      case "L":
      case "[":
        return this.#content(reader.uint8());
    }
    throw this.#fault(`a field has the unknown type ${quote(type)}`);
  }

  /** What a class wrote itself: bytes and objects, up to a mark. */
  #more(): { bytes: Uint8Array[]; items: unknown[] } {
    const reader = this.#reader;
    const bytes: Uint8Array[] = [];
    const items: unknown[] = [];
    for (let type = reader.uint8(); type !== code.end; type = reader.uint8()) {
      if (type === code.block) bytes.push(reader.take(reader.uint8()));
      else if (type === code.longBlock) bytes.push(reader.take(reader.uint32()));
      else items.push(this.#content(type));
      if (bytes.length > MOST_BLOCKS) throw this.#fault("a class wrote too many blocks");
    }
    return { bytes, items };
  }

  #array(): unknown {
    const reader = this.#reader;
    const { name } = this.#classOf();
    const type = name[1] ?? "";
    if (name[0] !== "[" || !(PRIMITIVES + "L[").includes(type)) throw this.#notPlain(name);
    const number = this.#handles.length;
    const items: unknown[] = [];
    this.#handles[number] = { value: items };
    const count = reader.count(reader.int32());
    if (type === "B") {
      const value = new Uint8Array(reader.take(count));
      this.#handles[number] = { value };
      return value;
    }
    for (let at = 0; at < count; at++) items.push(plainField(this.#field(type)));
    return type === "C" ? this.#characters(number, items) : items;
  }

  #characters(number: number, items: readonly unknown[]): string {
    const value = items.join("");
    this.#handles[number] = { value };
    return value;
  }
}

/** The classes that are read write one block of their own. */
const MOST_BLOCKS = 1000;

function plainField(value: unknown): unknown {
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
