/** Lists and dicts of Python's subclasses: ordinary arrays, objects and Maps that are marked. @module */

import { ValidationException } from "../../../errors.ts";
import { checkChoice, checkInteger, holdsNames, invalidOption } from "../../../option_checks.ts";
import { madeByCall, PythonName, tupleOf } from "../python_types.ts";

const ORDERED_DICT: PythonName = /* @__PURE__ */ new PythonName("collections", "OrderedDict");
const COUNTER: PythonName = /* @__PURE__ */ new PythonName("collections", "Counter");
const DEFAULTDICT: PythonName = /* @__PURE__ */ new PythonName("collections", "defaultdict");
const DEQUE: PythonName = /* @__PURE__ */ new PythonName("collections", "deque");
const ARRAY: PythonName = /* @__PURE__ */ new PythonName("array", "array");

/** Functions of Python's that make the values of missing keys. */
const FACTORIES = [
  "bool",
  "bytes",
  "dict",
  "float",
  "frozenset",
  "int",
  "list",
  "set",
  "str",
  "tuple",
];

/** The sizes of the integers in Python's arrays, in bits, by their type codes; in upper case they are unsigned. */
const INTEGERS: Readonly<Record<string, number>> = { b: 8, h: 16, i: 32, l: 64, q: 64 };

/** The type codes of Python's arrays. */
const TYPE_CODES = [..."bBuwhHiIlLqQfd"];

/** What reads or writes as a dict: an object whose keys are all strings, or a `Map`. */
export type Dict = Readonly<Record<string, unknown>> | ReadonlyMap<unknown, unknown>;

/**
 * Makes a copy of an object or a `Map` that is stored as Python's `collections.OrderedDict`. A value that was read from
 * one is already marked.
 *
 * @param entries Its keys and values. Only a `Map` keeps the order of keys like `"10"`.
 * @returns An ordinary object or `Map`, as `entries` is, that is marked.
 * @throws {ValidationException} When it is neither.
 *
 * @example An OrderedDict
 * ```ts
 * import { moecacheTranscoder } from "@moecache/moecache";
 * import { orderedDict } from "@moecache/moecache/python";
 * import { assertEquals } from "@std/assert";
 *
 * const item = await moecacheTranscoder.encode(orderedDict({ b: 1, a: 2 }));
 * assertEquals(await moecacheTranscoder.decode(item), { b: 1, a: 2 });
 * ```
 */
export function orderedDict<Entries extends Dict>(entries: Entries): Entries {
  return madeByCall(copyOf(entries), { callee: ORDERED_DICT, args: [] });
}

/**
 * Makes a copy of an object or a `Map` that is stored as Python's `collections.Counter`. A value that was read from one
 * is already marked.
 *
 * @param counts Its keys and their counts.
 * @returns An ordinary object or `Map`, as `counts` is, that is marked.
 * @throws {ValidationException} When it is neither.
 *
 * @example A Counter
 * ```ts
 * import { moecacheTranscoder } from "@moecache/moecache";
 * import { counter } from "@moecache/moecache/python";
 * import { assertEquals } from "@std/assert";
 *
 * const item = await moecacheTranscoder.encode(counter({ spam: 2 }));
 * assertEquals(await moecacheTranscoder.decode(item), { spam: 2 });
 * ```
 */
export function counter<Entries extends Dict>(counts: Entries): Entries {
  return madeByCall(copyOf(counts), { callee: COUNTER, args: [] });
}

/**
 * Makes a copy of an object or a `Map` that is stored as Python's `collections.defaultdict`. A value that was read from
 * one is already marked. Missing keys get no default value here.
 *
 * @param factory What makes them in Python: `"bool"`, `"bytes"`, `"dict"`, `"float"`, `"frozenset"`, `"int"`,
 * `"list"`, `"set"`, `"str"`, `"tuple"`, or `null` for nothing.
 * @param entries Its keys and values.
 * @returns An ordinary object or `Map`, as `entries` is, that is marked.
 * @throws {ValidationException} When the factory is none of these, or the entries are neither.
 *
 * @example A defaultdict
 * ```ts
 * import { moecacheTranscoder } from "@moecache/moecache";
 * import { defaultDict } from "@moecache/moecache/python";
 * import { assertEquals } from "@std/assert";
 *
 * const item = await moecacheTranscoder.encode(defaultDict("list", { seen: ["a"] }));
 * assertEquals(await moecacheTranscoder.decode(item), { seen: ["a"] });
 * ```
 */
export function defaultDict<Entries extends Dict>(
  factory: string | null,
  entries: Entries,
): Entries {
  checkChoice("factory", factory, [...FACTORIES, null]);
  const maker = factory === null ? null : new PythonName("builtins", factory);
  return markedDefaultDict(maker, copyOf(entries));
}

/** Marks a new object or Map. */
export function markedDefaultDict<Entries extends object>(
  factory: PythonName | null,
  entries: Entries,
): Entries {
  return madeByCall(entries, { callee: DEFAULTDICT, args: [factory] });
}

/**
 * Makes an array that is stored as Python's `collections.deque`. A value that was read from one is already marked. The
 * maximum length is not enforced here.
 *
 * @param items Its items.
 * @param maxLength The most items that it holds in Python; no limit by default.
 * @returns An ordinary array of the items that is marked.
 * @throws {ValidationException} When the items are no list, or `maxLength` is not an integer from 0 on.
 *
 * @example A deque
 * ```ts
 * import { moecacheTranscoder } from "@moecache/moecache";
 * import { deque } from "@moecache/moecache/python";
 * import { assertEquals } from "@std/assert";
 *
 * const item = await moecacheTranscoder.encode(deque([1, 2], 10)); // deque([1, 2], maxlen=10)
 * assertEquals(await moecacheTranscoder.decode(item), [1, 2]);
 * ```
 */
export function deque<Item>(items: Iterable<Item>, maxLength?: number): Item[] {
  if (maxLength !== undefined) checkInteger("maxLength", maxLength, 0, Number.MAX_SAFE_INTEGER);
  const args = maxLength === undefined ? [] : [tupleOf([]), maxLength];
  return madeByCall(listOf(items), { callee: DEQUE, args });
}

/**
 * Makes an array that is stored as Python's `array.array`. A value that was read from one is already marked.
 *
 * @param typeCode Python's letter for the type of the items, such as `"i"`, `"d"` or, for characters, `"u"`.
 * @param items The items: numbers, for long integers bigints, for `"u"` and `"w"` strings of one character.
 * @returns An ordinary array of the items that is marked.
 * @throws {ValidationException} When there is no such type code, or an array of it cannot have one of the items.
 *
 * @example An array of 64-bit floats
 * ```ts
 * import { moecacheTranscoder } from "@moecache/moecache";
 * import { pythonArray } from "@moecache/moecache/python";
 * import { assertEquals } from "@std/assert";
 *
 * const item = await moecacheTranscoder.encode(pythonArray("d", [1.5, 2.5])); // array('d', [1.5, 2.5])
 * assertEquals(await moecacheTranscoder.decode(item), [1.5, 2.5]);
 * ```
 */
export function pythonArray<Item extends number | bigint | string>(
  typeCode: string,
  items: Iterable<Item>,
): Item[] {
  checkChoice("typeCode", typeCode, TYPE_CODES);
  const list = listOf(items);
  for (const item of list) {
    if (!fits(typeCode, item)) {
      throw invalidOption("item", item, `one that an array of ${typeCode} has in Python`);
    }
  }
  return madeByCall(list, { callee: ARRAY, args: [typeCode] });
}

/** Whether Python's array can have an item: otherwise no program could read what is stored. */
function fits(typeCode: string, item: unknown): boolean {
  if (/[uw]/.test(typeCode)) return typeof item === "string" && [...item].length === 1;
  const bits = INTEGERS[typeCode.toLowerCase()];
  if (bits === undefined) return typeof item === "number" || typeof item === "bigint";
  if (typeof item !== "bigint" && !Number.isSafeInteger(item)) return false;
  const integer = BigInt(item as number | bigint);
  return integer === (typeCode in INTEGERS ? BigInt.asIntN : BigInt.asUintN)(bits, integer);
}

function listOf<Item>(items: Iterable<Item>): Item[] {
  if (typeof Object(items)[Symbol.iterator] === "function") return [...items];
  throw invalidOption("items", items, "a list");
}

function copyOf<Entries extends Dict>(entries: Entries): Entries {
  if (entries instanceof Map) return new Map(entries) as unknown as Entries;
  if (holdsNames(entries)) return { ...entries };
  throw new ValidationException("Cannot make a dict: it needs an object or a Map", entries);
}
