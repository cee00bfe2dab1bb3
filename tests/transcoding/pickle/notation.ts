/** What is read of pickles, in the notation of `notation.py`. @module */

import { createHash } from "node:crypto";
import {
  Complex,
  Decimal,
  Fraction,
  NumpyScalar,
  Range,
  Time,
  TimeDelta,
  TimeZone,
  Uuid,
} from "../../../src/transcoding/pickle/mod.ts";
import {
  callOf,
  isFrozenSet,
  isTuple,
  originOf,
  PythonName,
} from "../../../src/transcoding/pickle/python_types.ts";

/** A digest of a value's notation. */
export function digest(value: unknown): string {
  return createHash("sha256").update(notate(value)).digest("hex").slice(0, 14);
}

/** The notation of a value. */
export function notate(value: unknown, around: readonly unknown[] = []): string {
  if (value === null) return "N";
  switch (typeof value) {
    case "boolean":
      return value ? "T" : "F";
    case "bigint":
      return `i${value}`;
    case "number":
      return number(value);
    case "string":
      return text(value);
  }
  const at = around.indexOf(value);
  if (at >= 0) return `^${at}`;
  return object(value as object, (part) => notate(part, [...around, value]));
}

function object(value: object, part: (value: unknown) => string): string {
  if (Array.isArray(value)) return array(value, part);
  if (value instanceof Map) return classPrefix(value) + pairs([...value], part);
  if (value instanceof Set) {
    return `${isFrozenSet(value) ? "Z" : "S"}{${[...value].map(part).toSorted()}}`;
  }
  if (value instanceof Uint8Array) return `b${value.toHex()}`;
  if (value instanceof Date) return date(value);
  if (value instanceof Complex) return `c${bits(value.real)},${bits(value.imag)}`;
  if (value instanceof Decimal) return `m${value}`;
  if (value instanceof Fraction) return `q${value}`;
  if (value instanceof Uuid) return `u${value}`;
  if (value instanceof Range) return `r${value.start},${value.stop},${value.step}`;
  if (value instanceof TimeDelta) return `x${value.days},${value.seconds},${value.microseconds}`;
  if (value instanceof Time) {
    return `t${value}${Number(value.fold)}${value.zone ? part(value.zone) : ""}`;
  }
  if (value instanceof TimeZone) return `z${value.offset?.milliseconds ?? ""}`;
  if (value instanceof NumpyScalar) {
    const type = value.type === "bool_" ? "bool_" : value.type;
    return `n${type}:${part(value.value)}`;
  }
  return classPrefix(value) + pairs(Object.entries(value), part);
}

function array(value: readonly unknown[], part: (value: unknown) => string): string {
  const items = value.map(part).join(",");
  const { callee, args = [] } = callOf(value) ?? {};
  if (callee?.name === "deque") return `deque:${args[1] ?? "None"}[${items}]`;
  if (callee?.name === "array") return `array:${args[0]}[${items}]`;
  return isTuple(value) ? `(${items})` : `[${items}]`;
}

function classPrefix(value: object): string {
  const { callee, args = [] } = callOf(value) ?? {};
  if (callee === undefined) return "";
  const [factory] = args;
  const made = factory instanceof PythonName ? factory.name : "None";
  return callee.name === "defaultdict" ? `defaultdict:${made}` : callee.name;
}

function pairs(entries: [unknown, unknown][], part: (value: unknown) => string): string {
  return `{${entries.map(([key, value]) => `${part(key)}:${part(value)}`).toSorted().join(",")}}`;
}

function date(value: Date): string {
  const origin = originOf(value);
  if (origin?.bytes.length === 4) return `a${value.toISOString().slice(0, 10)}`;
  return `${origin !== undefined && origin.zone === undefined ? "d" : "D"}${value.getTime()}`;
}

function number(value: number): string {
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? `i${value}` : `f${bits(value)}`;
}

function bits(value: number): string {
  if (Number.isNaN(value)) return "nan";
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

function text(value: string): string {
  return "s" + Array.from(
    { length: value.length },
    (_, i) => value.charCodeAt(i).toString(16).padStart(4, "0"),
  ).join("");
}
