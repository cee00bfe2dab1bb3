/** Values as they are at the time of a call: what the caller changes later has no effect. @module */

import { markedAs } from "../transcoding/pickle/python_types.ts";

/**
 * Copies a value that is stored later: plain objects, arrays, Maps, Sets, Dates and bytes, with all that is in them and
 * what they are marked as. An instance of any other class stays the same object.
 */
export function ownValue<Value>(value: Value): Value {
  if (!isObject(value)) return value;
  try {
    return copyOf(value, new Map()) as Value;
  } catch {
    // It cannot be read, or is nested too deeply: the transcoder says so when it gets it.
    return value;
  }
}

/** @param copies The objects that have been copied: one may be in several places, and contain itself. */
function copyOf(value: unknown, copies: Map<object, object>): unknown {
  if (!isObject(value)) return value;
  const present = copies.get(value);
  if (present !== undefined) return present;
  const inner = (part: unknown) => copyOf(part, copies);
  const register = <Copy extends object>(copy: Copy): Copy => {
    copies.set(value, copy);
    return markedAs(copy, value);
  };
  switch (Object.getPrototypeOf(value)) {
    case Object.prototype:
    case null:
      return fill(register({ ...value }), value, inner);
    case Array.prototype: {
      const items = value as unknown[];
      const copy = register(new Array(items.length));
      // It leaves out holes.
      items.forEach((item, i) => copy[i] = inner(item));
      return copy;
    }
    case Map.prototype: {
      const copy = register(new Map());
      for (const [key, item] of value as Map<unknown, unknown>) copy.set(inner(key), inner(item));
      return copy;
    }
    case Set.prototype: {
      const copy = register(new Set());
      for (const item of value as Set<unknown>) copy.add(inner(item));
      return copy;
    }
    case Date.prototype:
      return register(new Date(value as Date));
  }
  if (value instanceof Uint8Array) return register(bytesOf(value));
  const isBinary = value instanceof ArrayBuffer || ArrayBuffer.isView(value);
  return isBinary ? register(structuredClone(value)) : value;
}

function fill(
  copy: Record<string, unknown>,
  original: object,
  inner: (part: unknown) => unknown,
): object {
  if (Object.getPrototypeOf(original) === null) Object.setPrototypeOf(copy, null);
  for (const [name, part] of Object.entries(copy)) if (isObject(part)) copy[name] = inner(part);
  return copy;
}

/** A copy that is a Buffer if the original is one. */
function bytesOf(value: Uint8Array): Uint8Array {
  const copy = new Uint8Array(value);
  const prototype = Object.getPrototypeOf(value);
  return prototype === Uint8Array.prototype ? copy : Object.setPrototypeOf(copy, prototype);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
