import { Complex } from "./complex.ts";
import { datetimePayload } from "./datetime.ts";
import { openList, openMap, openObject, openSet, openTuple } from "./frames.ts";
import { opcode } from "./opcodes.ts";
import type { Pickler } from "./pickler.ts";
import { globalOf } from "./global_name.ts";
import { isTuple } from "./tuple.ts";

const ENCODE = globalOf("_codecs", "encode");
const BYTES = globalOf("__builtin__", "bytes");
const COMPLEX = globalOf("__builtin__", "complex");
const DATETIME = globalOf("datetime", "datetime");
const TIMEDELTA = globalOf("datetime", "timedelta");
const TIMEZONE = globalOf("datetime", "timezone");

/** What the memo knows `datetime.timezone.utc` by. */
const UTC = {};

/** Writes an object; `false` when it is a container, which is open now. */
export function saveObject(pickler: Pickler, value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return openObject(pickler, value as Record<string, unknown>);
  }
  if (Array.isArray(value) && prototype === Array.prototype) {
    return isTuple(value) ? openTuple(pickler, value) : openList(pickler, value);
  }
  if (prototype === Map.prototype) return openMap(pickler, value as Map<unknown, unknown>);
  if (prototype === Set.prototype) return openSet(pickler, value as Set<unknown>);
  if (value instanceof Uint8Array) saveBytes(pickler, value, value);
  else if (prototype === Date.prototype) saveDate(pickler, value as Date);
  else if (prototype === Complex.prototype) saveComplex(pickler, value as Complex);
  else throw pickler.fault(`an instance of ${classNameOf(value)}`, value);
  return true;
}

/** Protocol 2 has no bytes: Python 3 makes them from text as it reads, `_codecs.encode(…, "latin1")`. */
function saveBytes(pickler: Pickler, bytes: Uint8Array, owner?: object): void {
  if (bytes.length === 0) {
    pickler.saveGlobal(BYTES);
    pickler.emit(opcode.EMPTY_TUPLE);
  } else {
    pickler.saveGlobal(ENCODE);
    pickler.saveLatin1(bytes);
    pickler.saveText("latin1");
    pickler.emitMemoized(opcode.TUPLE2);
  }
  pickler.emitMemoized(opcode.REDUCE, owner);
}

function saveComplex(pickler: Pickler, value: Complex): void {
  const { real, imag } = value;
  if (typeof real !== "number" || typeof imag !== "number") {
    throw pickler.fault("a Complex whose parts are not numbers", value);
  }
  pickler.saveGlobal(COMPLEX);
  pickler.saveFloat(real);
  pickler.saveFloat(imag);
  pickler.emitMemoized(opcode.TUPLE2);
  pickler.emitMemoized(opcode.REDUCE, value);
}

function saveDate(pickler: Pickler, date: Date): void {
  const payload = datetimePayload(date);
  if (payload === undefined) {
    throw pickler.fault("a Date that is invalid or not in the years 1 to 9999", date);
  }
  pickler.saveGlobal(DATETIME);
  saveBytes(pickler, payload);
  if (!pickler.recall(UTC)) saveUtc(pickler);
  pickler.emitMemoized(opcode.TUPLE2);
  pickler.emitMemoized(opcode.REDUCE, date);
}

function saveUtc(pickler: Pickler): void {
  pickler.saveGlobal(TIMEZONE);
  pickler.saveGlobal(TIMEDELTA);
  for (let field = 0; field < 3; field++) pickler.save(0);
  pickler.emitMemoized(opcode.TUPLE3);
  pickler.emitMemoized(opcode.REDUCE);
  pickler.emitMemoized(opcode.TUPLE1);
  pickler.emitMemoized(opcode.REDUCE, UTC);
}

function classNameOf(value: object): string {
  const constructor: unknown = value.constructor;
  return typeof constructor === "function" && constructor.name !== ""
    ? constructor.name
    : "an unnamed class";
}
