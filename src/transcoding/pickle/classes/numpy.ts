/** The scalars of numpy. @module */

import { checkChoice, invalidOption } from "../../../option_checks.ts";
import { unreadable } from "../byte_source.ts";
import { bytesOf } from "../datetime.ts";
import { Intermediate, type PythonCall, PythonName, PythonObject } from "../python_types.ts";
import type { Unpickler } from "../unpickler.ts";
import { Complex } from "../../complex.ts";

/** What a scalar can be, by the name that numpy has for its type. */
export type NumpyValue = boolean | number | bigint | string | Uint8Array | Complex;

/** Reads a number of a type. */
type ReadNumber = (view: DataView, isLittle: boolean) => NumpyValue;

/** The types whose scalars are numbers, by kind and size: numpy's name, and how one is read. */
const NUMBERS: Readonly<Record<string, readonly [type: string, read: ReadNumber]>> = {
  b1: ["bool_", (view) => view.getUint8(0) !== 0],
  i1: ["int8", (view) => view.getInt8(0)],
  i2: ["int16", (view, isLittle) => view.getInt16(0, isLittle)],
  i4: ["int32", (view, isLittle) => view.getInt32(0, isLittle)],
  i8: ["int64", (view, isLittle) => numberIfSafe(view.getBigInt64(0, isLittle))],
  u1: ["uint8", (view) => view.getUint8(0)],
  u2: ["uint16", (view, isLittle) => view.getUint16(0, isLittle)],
  u4: ["uint32", (view, isLittle) => view.getUint32(0, isLittle)],
  u8: ["uint64", (view, isLittle) => numberIfSafe(view.getBigUint64(0, isLittle))],
  f2: ["float16", (view, isLittle) => float16(view.getUint16(0, isLittle))],
  f4: ["float32", (view, isLittle) => view.getFloat32(0, isLittle)],
  f8: ["float64", (view, isLittle) => view.getFloat64(0, isLittle)],
  c8: [
    "complex64",
    (view, isLittle) => new Complex(view.getFloat32(0, isLittle), view.getFloat32(4, isLittle)),
  ],
  c16: [
    "complex128",
    (view, isLittle) => new Complex(view.getFloat64(0, isLittle), view.getFloat64(8, isLittle)),
  ],
};

const TEXT = "str_";
const BYTES = "bytes_";
const BYTES_PER_CHARACTER = 4;
const TYPES = [...Object.values(NUMBERS).map(([type]) => type), TEXT, BYTES];

/**
 * A scalar of numpy: what `numpy.float64(1.5)` and the like read as, and what is stored as one.
 *
 * @example Storing and reading a float of 32 bits
 * ```ts
 * import { moecacheTranscoder } from "@moecache/moecache";
 * import { NumpyScalar } from "@moecache/moecache/python";
 * import { assertEquals } from "@std/assert";
 *
 * const half = new NumpyScalar("float32", 0.5);
 * assertEquals(Number(half) + 1, 1.5);
 * const { data } = await moecacheTranscoder.encode(half); // numpy.float32(0.5)
 * assertEquals(new TextDecoder().decode(data).includes("float32"), true);
 * ```
 */
export class NumpyScalar extends PythonObject {
  /** The name of its type, such as `"float64"`, `"int32"`, `"bool_"`, `"str_"` or `"bytes_"`. */
  readonly type: string;
  /** Its value. */
  readonly value: NumpyValue;

  /**
   * Makes a scalar.
   *
   * @param type The name of its type: `"bool_"`, `"int8"` to `"int64"`, `"uint8"` to `"uint64"`, `"float16"` to
   * `"float64"`, `"complex64"`, `"complex128"`, `"str_"` or `"bytes_"`.
   * @param value Its value: a boolean, a number, a `Complex`, a string or bytes, as the type has it; numpy rounds a
   * number to the type.
   * @throws {ValidationException} When there is no such type, or the type has no such value.
   */
  constructor(type: string, value: NumpyValue) {
    super();
    checkChoice("type", type, TYPES);
    if (!fits(type, value)) throw invalidOption("value", value, `one that numpy's ${type} has`);
    this.type = type;
    this.value = value;
  }

  /** Its value. */
  override valueOf(): NumpyValue {
    return this.value;
  }

  /** Its value as text. */
  override toString(): string {
    const { value } = this;
    return value instanceof Complex ? `${value.real}+${value.imag}j` : String(value);
  }

  /** Its value; a `bigint` as text. */
  override toJSON(): unknown {
    return typeof this.value === "bigint" ? String(this.value) : this.value;
  }

  /** @internal */
  override toCall(): PythonCall {
    return { callee: new PythonName("numpy", this.type), args: [this.value] };
  }

  /** @internal */
  override toKey(): string | number | bigint {
    const { value } = this;
    if (typeof value === "boolean") return Number(value);
    if (typeof value === "number" || typeof value === "bigint") return value;
    return `numpy ${this}`;
  }
}

/** A `numpy.dtype`: what the bytes of a scalar mean. */
class NumpyType extends Intermediate {
  /** Its kind and size, such as `f8`. */
  readonly code: string;
  #isLittle: boolean;

  constructor(code: string) {
    super(`numpy.dtype ${code}`);
    this.code = code.replace(/^[<>|=]/, "");
    this.#isLittle = !code.startsWith(">");
  }

  /** Takes what `__setstate__` gets: a version and the order of the bytes are the first of it. */
  setState(state: unknown): void {
    const [, order] = Array.isArray(state) ? state : [];
    if (order === "<" || order === ">") this.#isLittle = order === "<";
    else if (order !== "|" && order !== "=") throw unreadable(`${this.name} has an unknown state`);
  }

  /** The scalar of this type that some bytes are. */
  scalarOf(data: unknown, machine: Unpickler): NumpyScalar | undefined {
    const { code } = this;
    const size = /^(U|S)(\d{1,9})$/.exec(code);
    if (size !== null) {
      const [, kind, length] = size;
      const bytes = bytesOf(data, Number(length) * (kind === "U" ? BYTES_PER_CHARACTER : 1));
      // They are copied, and a pickle may refer to the same ones very many times.
      machine.charge(bytes?.length ?? 0);
      return bytes && this.#textOf(bytes, kind!);
    }
    const [type, read] = Object.hasOwn(NUMBERS, code) ? NUMBERS[code]! : [];
    if (type === undefined || read === undefined) throw unreadable(this.problem);
    const bytes = bytesOf(data, Number(code.slice(1)));
    if (bytes === undefined) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new NumpyScalar(type, read(view, this.#isLittle));
  }

  /** Text is four bytes a character, and bytes are as they are; both are filled up with zeros. */
  #textOf(bytes: Uint8Array, kind: string): NumpyScalar | undefined {
    let { length } = bytes;
    while (length > 0 && bytes[length - 1] === 0) length--;
    if (kind === "S") return new NumpyScalar(BYTES, bytes.slice(0, length));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const points = [];
    for (let at = 0; at < bytes.length; at += BYTES_PER_CHARACTER) {
      points.push(view.getUint32(at, this.#isLittle));
    }
    while (points.at(-1) === 0) points.pop();
    if (points.some((point) => point > 0x10ffff)) return undefined;
    return new NumpyScalar(TEXT, points.map((point) => String.fromCodePoint(point)).join(""));
  }
}

/** `numpy.dtype(code, align, copy)`. */
export function numpyType(args: readonly unknown[]): NumpyType | undefined {
  const [code] = args;
  return typeof code === "string" && code.length <= 12 ? new NumpyType(code) : undefined;
}

/** `numpy.core.multiarray.scalar(dtype, bytes)`. */
export function numpyScalar(
  args: readonly unknown[],
  machine: Unpickler,
): NumpyScalar | undefined {
  const [type, data] = args;
  if (!(type instanceof NumpyType) || args.length !== 2) return undefined;
  return type.scalarOf(data, machine);
}

/** What is made by a call of its type, as this client writes it. */
export function numpyCall(type: string, args: readonly unknown[]): NumpyScalar | undefined {
  const [value] = args;
  return args.length === 1 && fits(type, value) ? new NumpyScalar(type, value) : undefined;
}

/** Whether Python could make a scalar of a type of a value: otherwise no program could read what is stored. */
function fits(type: string, value: unknown): value is NumpyValue {
  if (type === "bool_") return typeof value === "boolean";
  if (type === TEXT) return typeof value === "string";
  if (type === BYTES) return value instanceof Uint8Array;
  if (type.startsWith("complex") && value instanceof Complex) return true;
  if (typeof value !== "number" && typeof value !== "bigint") return false;
  const [, sign, bits] = /^(u?)int(\d+)$/.exec(type) ?? [];
  if (bits === undefined) return true;
  if (!isFinite(Number(value))) return false;
  const integer = BigInt(typeof value === "number" ? Math.trunc(value) : value);
  return integer === (sign === "u" ? BigInt.asUintN : BigInt.asIntN)(Number(bits), integer);
}

/** Every type of a scalar. */
export const NUMPY_TYPES: readonly string[] = TYPES;

function float16(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15, bits >> 10 & 31, bits & 1023];
  const magnitude = exponent === 0
    ? fraction * 2 ** -24
    : exponent < 31
    ? (1024 + fraction) * 2 ** (exponent - 25)
    : fraction === 0
    ? Infinity
    : NaN;
  return sign === 0 ? magnitude : -magnitude;
}

function numberIfSafe(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
