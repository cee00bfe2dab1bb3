/** What objects of Java's classes read as. @module */

import { magnitudeFromBytes } from "../integers.ts";
import { numberIfSafe } from "../../pickle/numbers.ts";
import { type Pair, recordOf, setOf } from "../records.ts";

/** An object as it stands in a stream. */
export interface JavaObject {
  readonly fields: Map<string, unknown>;
  /** The blocks of bytes that its classes wrote themselves. */
  readonly bytes: Uint8Array[];
  /** The objects that they wrote. */
  readonly items: unknown[];
}

type Fault = (state: string, cause?: unknown) => Error;
type Make = (object: JavaObject, fault: Fault) => unknown;

const boxed: Make = ({ fields }, fault) => {
  const value = fields.get("value");
  if (typeof value === "bigint") return numberIfSafe(value);
  if (value === undefined || typeof value === "object") throw fault("a value is not in its object");
  return value;
};

const list: Make = ({ items }) => [...items];
const set: Make = ({ items }, fault) => setOf(items, fault);
const map: Make = ({ items }, fault) => {
  if (items.length % 2 === 1) throw fault("a map has a key without a value");
  const pairs: Pair[] = [];
  for (let at = 0; at < items.length; at += 2) pairs.push([items[at], items[at + 1]]);
  return recordOf(pairs, fault);
};

const date: Make = ({ bytes: [block] }, fault) => {
  if (block?.length !== 8) throw fault("a Date has no time");
  const value = new Date(Number(new DataView(block.buffer, block.byteOffset).getBigInt64(0)));
  if (Number.isNaN(value.getTime())) throw fault("a Date is out of JavaScript's range");
  return value;
};

/** Those of BigIntegers that were read. */
const magnitudes = /* @__PURE__ */ new WeakSet<Uint8Array>();

const bigInteger: Make = ({ fields }, fault) => {
  const [signum, magnitude] = [fields.get("signum"), fields.get("magnitude")];
  if (typeof signum !== "number" || !(magnitude instanceof Uint8Array)) {
    throw fault("a BigInteger has no magnitude");
  }
  // Java writes each with an array of its own. Otherwise very many could share a long one.
  if (magnitudes.has(magnitude)) throw fault("two BigIntegers have the same magnitude");
  magnitudes.add(magnitude);
  try {
    const value = magnitudeFromBytes(magnitude);
    return numberIfSafe(signum < 0 ? -value : value);
  } catch (cause) {
    throw fault("a BigInteger is larger than this runtime can hold", cause);
  }
};

/** `Arrays.asList`, which holds an array. */
const arrayView: Make = ({ fields }, fault) => {
  const array = fields.get("a");
  if (Array.isArray(array)) return array;
  throw fault("a list has no array");
};

/** What `List.of`, `Set.of` and `Map.of` are written as: the kind is a number. */
const immutable: Make = (object, fault) => {
  const kind = Number(object.fields.get("tag")) & 0xff;
  const make = [undefined, list, set, map, list][kind];
  if (make === undefined) throw fault(`a collection is of the unknown kind ${kind}`);
  return make(object, fault);
};

const READABLE: Readonly<Record<string, Make>> = {
  "java.lang.Boolean": boxed,
  "java.lang.Byte": boxed,
  "java.lang.Short": boxed,
  "java.lang.Integer": boxed,
  "java.lang.Long": boxed,
  "java.lang.Float": boxed,
  "java.lang.Double": boxed,
  "java.lang.Character": boxed,
  "java.math.BigInteger": bigInteger,
  "java.util.Date": date,
  "java.util.ArrayList": list,
  "java.util.LinkedList": list,
  "java.util.Arrays$ArrayList": arrayView,
  "java.util.HashMap": map,
  "java.util.LinkedHashMap": map,
  "java.util.HashSet": set,
  "java.util.LinkedHashSet": set,
  "java.util.CollSer": immutable,
};

/** Whether objects of a class are plain data. */
export function isReadable(name: string): boolean {
  return Object.hasOwn(READABLE, name);
}

/** What an object of a class that is readable reads as. */
export function valueOfObject(name: string, object: JavaObject, fault: Fault): unknown {
  return READABLE[name]?.(object, fault);
}
