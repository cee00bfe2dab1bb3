type Pairs = Map<object, Set<object>>;
type Bytes = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/** Whether two values are deeply equal: same prototype, same contents; `0` equals `-0`. */
export function equal(actual: unknown, expected: unknown): boolean {
  return same(actual, expected, new Map());
}

function same(a: unknown, b: unknown, open: Pairs): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (!samePrototype(a, b)) return false;
  // A pair that is being compared further up is equal unless something else in it differs.
  if (open.get(a)?.has(b)) return true;
  open.set(a, (open.get(a) ?? new Set()).add(b));
  const equal = sameObject(a, b, open);
  if (!equal) open.get(a)!.delete(b);
  return equal;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The same prototype; a bare `Object.create(null)` passes for a plain object. */
function samePrototype(a: object, b: object): boolean {
  const [prototypeA, prototypeB] = [a, b].map((o) => Object.getPrototypeOf(o) ?? Object.prototype);
  return prototypeA === prototypeB;
}

function sameObject(a: object, b: object, open: Pairs): boolean {
  if (isBytes(a) && isBytes(b)) return sameBytes(a, b);
  if (a instanceof Map && b instanceof Map) return sameEntries([...a], [...b], open);
  if (a instanceof Set && b instanceof Set) return sameEntries([...a], [...b], open);
  if (a instanceof WeakRef && b instanceof WeakRef) return same(a.deref(), b.deref(), open);
  if (a instanceof WeakMap || a instanceof WeakSet) throw new TypeError("Cannot compare weak sets");
  return samePrimitive(a, b) && sameErrorFields(a, b, open) && sameProperties(a, b, open);
}

function isBytes(value: object): value is Bytes {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer ||
    value instanceof SharedArrayBuffer;
}

function sameBytes(a: Bytes, b: Bytes): boolean {
  if (a.byteLength !== b.byteLength) return false;
  const [bytesA, bytesB] = [bytesOf(a), bytesOf(b)];
  if (bytesA.every((byte, i) => byte === bytesB[i])) return true;
  // Only numbers have equal values of unequal bytes: 0 and -0, and the many NaNs.
  return isFloats(a) && isFloats(b) &&
    a.every((value, i) => value === b[i] || Object.is(value, b[i]));
}

function bytesOf(value: Bytes): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
}

function isFloats(value: Bytes): value is Float32Array | Float64Array {
  return value instanceof Float32Array || value instanceof Float64Array;
}

/** Every element of `a` has a partner of its own in `b`, in whatever order. */
function sameEntries(a: unknown[], b: unknown[], open: Pairs): boolean {
  if (a.length !== b.length) return false;
  const rest = [...b];
  return a.every((entry, i) => {
    // Mostly both were filled in the same order; try the entry at the same place first.
    const first = rest.indexOf(b[i]);
    const partner = first !== -1 && same(entry, b[i], open)
      ? first
      : rest.findIndex((other) => same(entry, other, open));
    if (partner !== -1) rest.splice(partner, 1);
    return partner !== -1;
  });
}

/** What a `Date`, a boxed primitive, a `RegExp` or a `URL` holds besides its properties. */
function samePrimitive(a: object, b: object): boolean {
  return Object.is(primitiveOf(a), primitiveOf(b));
}

function primitiveOf(value: object): unknown {
  if (value instanceof RegExp || value instanceof URL) return String(value);
  const boxes = [Date, Number, String, Boolean, BigInt, Symbol];
  return boxes.some((box) => value instanceof box) ? value.valueOf() : undefined;
}

function sameErrorFields(a: object, b: object, open: Pairs): boolean {
  if (!(a instanceof Error) || !(b instanceof Error)) return true;
  return a.name === b.name && a.message === b.message && same(a.cause, b.cause, open);
}

/** The same own enumerable properties, symbols included; a hole is no `undefined`. */
function sameProperties(a: object, b: object, open: Pairs): boolean {
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false;
  const [keysA, keysB] = [enumerableKeys(a), enumerableKeys(b)];
  return keysA.length === keysB.length &&
    keysA.every((key) =>
      Object.prototype.propertyIsEnumerable.call(b, key) &&
      same(Reflect.get(a, key), Reflect.get(b, key), open)
    );
}

function enumerableKeys(value: object): PropertyKey[] {
  return Reflect.ownKeys(value).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(value, key)
  );
}
