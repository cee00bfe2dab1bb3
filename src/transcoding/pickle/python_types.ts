/** Python types without a counterpart in JavaScript. @module */

import { quote } from "../../errors.ts";

/** The Python types that an array, a Set or a Uint8Array can be marked as. */
type PythonType = "tuple" | "frozenset" | "bytearray" | PythonCall | DateOrigin;

/** A class or function of Python's, by the name that Python 3 has for it. */
export class PythonName {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
}

/** The call that makes a value in Python: of a container, an empty one, which then gets its items. */
export interface PythonCall {
  readonly callee: PythonName;
  /** Values that hold no others, names, and what is made by calls. */
  readonly args: readonly unknown[];
}

/** What a Date was read from, as far as it tells more than the Date does. */
export interface DateOrigin {
  /** The four bytes of a `date`, or the ten of a `datetime`. */
  readonly bytes: Uint8Array;
  /** The time zone of an aware `datetime`. */
  readonly zone: PythonObject | undefined;
  /** Milliseconds of the Date when it was read: it may be changed. */
  readonly time: number;
}

/** A value of a Python class that JavaScript has no equivalent of, and that holds no other values. */
export abstract class PythonObject {
  /**
   * The call that makes it in Python.
   *
   * @internal
   */
  abstract toCall(): PythonCall;

  /**
   * A key that two values share exactly if they are equal in Python. `undefined` when Python cannot
   * hash it.
   *
   * @internal
   */
  abstract toKey(): string | number | bigint | undefined;

  /** Its text, for `JSON.stringify`. */
  toJSON(): unknown {
    return String(this);
  }
}

/** Its constructor returns its argument, so that a subclass adds its private fields to that object. */
class Given {
  constructor(object: object) {
    return object as Given;
  }
}

/** Keeps an object's type in a private field of the object: up to forty times as fast as a `WeakSet`. */
class Typed extends Given {
  #type: PythonType;
  #keyId: number | undefined;

  constructor(object: object, type: PythonType) {
    super(object);
    this.#type = type;
  }

  static typeOf(object: object): PythonType | undefined {
    return #type in object ? object.#type : undefined;
  }

  static keyIdOf(object: object): number | undefined {
    return #keyId in object ? object.#keyId : undefined;
  }

  static setKeyId(object: object, id: number): boolean {
    if (!(#keyId in object)) return false;
    object.#keyId = id;
    return true;
  }
}

/** Marks an object as a Python type. The mark cannot be changed. */
function typed<Value extends object>(object: Value, type: PythonType): Value {
  new Typed(object, type);
  return object;
}

/** Marks a copy as what the original is marked as. */
export function markedAs<Copy extends object>(copy: Copy, original: object): Copy {
  const type = Typed.typeOf(original);
  return type === undefined ? copy : typed(copy, type);
}

/** Marks a new array as a tuple. */
export function tupleOf<Items extends readonly unknown[]>(items: Items): Items {
  return typed(items, "tuple");
}

/** Whether an array is marked as a tuple. */
export function isTuple(items: readonly unknown[]): boolean {
  return Typed.typeOf(items) === "tuple";
}

/** Marks a new `Set` as a frozenset. */
export function frozenSetOf<Item>(set: Set<Item>): Set<Item> {
  return typed(set, "frozenset");
}

/** Whether a `Set` is marked as a frozenset. */
export function isFrozenSet(set: ReadonlySet<unknown>): boolean {
  return Typed.typeOf(set) === "frozenset";
}

/** Marks new bytes as a bytearray, which Python cannot hash. */
export function bytearrayOf(bytes: Uint8Array): Uint8Array {
  return typed(bytes, "bytearray");
}

/** Whether bytes are marked as a bytearray. */
export function isBytearray(bytes: Uint8Array): boolean {
  return Typed.typeOf(bytes) === "bytearray";
}

/** Marks a new array, object or Map as an instance of a subclass, which Python makes by a call. */
export function madeByCall<Value extends object>(value: Value, call: PythonCall): Value {
  return typed(value, call);
}

/** The call that makes a list or dict of a subclass; `undefined` of those that are no more than that. */
export function callOf(value: object): PythonCall | undefined {
  const type = Typed.typeOf(value);
  return typeof type === "object" && "callee" in type ? type : undefined;
}

/** Marks a new Date as read from a `date` or `datetime`. */
export function dateOf(date: Date, origin: Omit<DateOrigin, "time">): Date {
  return typed(date, { ...origin, time: date.getTime() });
}

/** What a Date was read from, if it was. */
export function originOf(date: Date): DateOrigin | undefined {
  const type = Typed.typeOf(date);
  return typeof type === "object" && "bytes" in type ? type : undefined;
}

/** Turns booleans into numbers, as in Python, and integers into `number` if that is exact. */
export function sameInPython(key: unknown): unknown {
  if (typeof key === "boolean") return Number(key);
  if (typeof key !== "bigint") return key;
  const number = Number(key);
  return Number.isFinite(number) && BigInt(number) === key ? number : key;
}

/** The ids of keys while a pickle is read. Tuples and frozensets keep their ids in a private field. */
export class ReadKeyIds {
  readonly #others = new Map<unknown, number>();

  get(key: unknown): number | undefined {
    const isObject = typeof key === "object" && key !== null;
    return (isObject ? Typed.keyIdOf(key) : undefined) ?? this.#others.get(key);
  }

  set(key: unknown, id: number): void {
    const isObject = typeof key === "object" && key !== null;
    if (!isObject || !Typed.setKeyId(key, id)) this.#others.set(key, id);
  }
}

/** What exists while a pickle is read and is not data by itself: a class, a function, a `dtype`. */
export class Intermediate {
  /** The name of the global, or of the global that made it. */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** Why it cannot be part of a value. */
  get problem(): string {
    return `global ${quote(this.name)} is not plain data`;
  }
}

/** Bytes that Python 2 called a string. Only what takes bytes can have them; Python 3 reads no others. */
export class Python2Bytes extends Intermediate {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super("__builtin__.str");
    this.bytes = bytes;
  }

  override get problem(): string {
    return "a Python 2 str holds bytes that are not ASCII";
  }
}

/** What a call made that Python gives a state afterwards, or items. */
export interface Growing {
  /** Takes the state, which Python hands to `__setstate__`. */
  build?(state: unknown): void;
  /** Takes items of a list or set. */
  extend?(items: readonly unknown[]): void;
  /** Takes keys and values of a dict in turn. */
  fill?(pairs: readonly unknown[]): void;
}
