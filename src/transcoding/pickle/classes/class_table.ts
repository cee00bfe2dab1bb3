/** The classes of Python's library, and of some others, whose instances are data. @module */

import { Global, type Kind, type Make } from "../global.ts";
import { quote } from "../../../errors.ts";
import { isPlainObject } from "../dicts.ts";
import { callOf, Intermediate, Python2Bytes, PythonName } from "../python_types.ts";
import type { Unpickler } from "../unpickler.ts";
import { notPlainData, unreadable } from "../byte_source.ts";
import { deque, markedDefaultDict, pythonArray } from "./collections.ts";
import { Decimal, Fraction, isInteger } from "./numbers.ts";
import { NUMPY_TYPES, numpyCall, numpyScalar, numpyType } from "./numpy.ts";
import { Range } from "./range.ts";
import { timeOf } from "./time.ts";
import { Uuid } from "./uuid.ts";
import {
  BuiltZone,
  fileZone,
  namedFileZone,
  psycopgZone,
  pytzOffset,
  pytzZone,
  setDateutilOffset,
  setDjangoOffset,
  utcZone,
  zoneInfo,
} from "./zones.ts";

const NIL_UUID = "0".repeat(32);

/** Types that do nothing here but name what a `defaultdict` makes. */
const FACTORIES = [..."bool dict float int list long object str tuple unicode".split(" ")];

/** What may make the values of a `defaultdict`, which is written as it was read. */
const FACTORY =
  /^(?:builtins|__builtin__)\.(?:bool|bytearray|bytes|complex|dict|float|frozenset|int|list|long|object|set|str|tuple|unicode)$|^collections\.(?:deque|OrderedDict|Counter)$|^decimal\.Decimal$|^datetime\.timedelta$/;

/** Makes the table of every global, by its name. */
export function makeClassTable(): ReadonlyMap<string, Global> {
  const all = [
    ...containers(),
    ...numbers(),
    ...arrays(),
    ...times(),
    ...zones(),
  ];
  return new Map(all.map((global) => [global.name, global]));
}

function immutable(name: string, make: Make): Global {
  return callable(name, make, "immutable class");
}

/** A pickle may call it very many times with the same arguments, so that looking at these is counted, too. */
function callable(name: string, make: Make, kind: Kind = "function"): Global {
  return new Global(name, kind, (args, machine) => {
    chargeLook(args, machine);
    return make(args, machine);
  });
}

/** What takes its arguments as they are, so that looking at them takes no time. */
function unlooked(name: string, make: Make, kind: Kind = "function"): Global {
  return new Global(name, kind, make);
}

/**
 * A class whose instances cannot be changed, and are made of a text. Equal texts are written once here, so that very
 * many calls may refer to a long one: they make one instance, and the text is looked at once.
 */
function ofText(name: string, make: Make): Global {
  const made = new WeakMap<Unpickler, Record<string, unknown>>();
  const { kind, make: makeNew } = immutable(name, make);
  return new Global(name, kind, (args, machine) => {
    const [text] = args;
    const isLong = typeof text === "string" && text.length > SHORT;
    if (!isLong || args.length > 1) return makeNew(args, machine);
    // As names of properties, engines know long texts again without looking at them.
    const byText = made.get(machine) ?? Object.create(null) as Record<string, unknown>;
    made.set(machine, byText);
    return byText[text] ??= makeNew(args, machine);
  });
}

/** Counts a look at the arguments of a call. */
export function chargeLook(args: readonly unknown[], machine: Unpickler): void {
  machine.charge(args.length / LOOKS);
  for (const arg of args) machine.charge(costOf(arg));
}

/** How many bytes or items are looked at in the time that copying one takes. */
const LOOKS = 8;

/** Text of up to so many characters costs nothing: programs may well write names in very many calls. */
const SHORT = 1000;

/**
 * What looking at an argument costs. Integers and bytes are not shared by what this client and Python write, so that
 * integers cost as much as copies.
 */
function costOf(arg: unknown): number {
  if (typeof arg === "bigint") return arg.toString(16).length / 2;
  if (typeof arg === "string") return arg.length <= SHORT ? 0 : arg.length / LOOKS;
  return Array.isArray(arg) || arg instanceof Uint8Array ? arg.length / LOOKS : 0;
}

function containers(): Global[] {
  return [
    callable("collections.defaultdict", makeDefaultDict, "mutable class"),
    callable("collections.deque", makeDeque, "mutable class"),
    ...["copy_reg", "copyreg"].map((module) => unlooked(`${module}._reconstructor`, reconstruct)),
    ...["__builtin__", "builtins"].flatMap((module) => [
      immutable(`${module}.range`, makeRange),
      immutable(`${module}.xrange`, makeRange),
      callable(`${module}.getattr`, getAttribute),
      ...FACTORIES.map((name) => unlooked(`${module}.${name}`, () => undefined)),
    ]),
  ];
}

/** By `copyreg._reconstructor(cls, base, state)` protocols below 2 make an instance without its state. */
function reconstruct(args: readonly unknown[], machine: Unpickler): unknown {
  const [cls, base, state] = args;
  if (!(cls instanceof Global) || !(base instanceof Global)) return undefined;
  const isPlain = base.name.endsWith(".object") && state === null;
  if (isPlain || base.name === "datetime.tzinfo") return cls.make([], machine);
  if (machine.keep !== undefined) return machine.keep(cls.name);
  throw notPlainData(cls.name);
}

/** `getattr(cls, name)`: protocols below 4 name what is in a class by it. */
function getAttribute(args: readonly unknown[], machine: Unpickler): unknown {
  const [cls, name] = args;
  if (!(cls instanceof Intermediate) || typeof name !== "string" || args.length !== 2) {
    throw unreadable(
      `it takes an attribute of ${nameOfClass(cls)}, which plain data does not have`,
    );
  }
  const path = `${cls.name}.${name}`;
  const { classes = {} } = machine.options;
  // From Python 3.12 on, protocols below 5 find the member of an Enum so.
  const isMember = Object.hasOwn(classes, cls.name) && !Object.hasOwn(classes, path);
  if (isMember && cls instanceof Global) return cls.make([name], machine);
  return machine.findClass?.(path);
}

/** The name of the class of something that was read. */
function nameOfClass(value: unknown): string {
  const { module, name } = callOf(Object(value))?.callee ?? {};
  return quote(name === undefined ? Object(value).constructor.name : `${module}.${name}`);
}

/** `collections.defaultdict(factory)`. */
function makeDefaultDict(args: readonly unknown[], machine: Unpickler): unknown {
  const [factory = null, entries] = args;
  if (args.length > 2 || !(factory === null || factory instanceof Global)) return undefined;
  if (factory !== null && !FACTORY.test(factory.name)) throw notPlainData(factory.name);
  const dict = markedDefaultDict(factory && nameOf(factory), {});
  if (entries === undefined) return dict;
  const source = machine.dicts.current(entries);
  if (!(source instanceof Map || isPlainObject(source))) return undefined;
  const pairs = source instanceof Map ? [...source] : Object.entries(source);
  machine.charge(pairs.length);
  return machine.dicts.fill(dict, pairs.flat());
}

function nameOf({ name }: Global): PythonName {
  const at = name.lastIndexOf(".");
  const module = name.slice(0, at).replace("__builtin__", "builtins");
  const known: Record<string, string> = { unicode: "str", long: "int" };
  const own = name.slice(at + 1);
  return new PythonName(module, module === "builtins" ? known[own] ?? own : own);
}

/** `collections.deque(items, maxlen)`. */
function makeDeque(args: readonly unknown[], machine: Unpickler): unknown {
  const [items = [], maxLength = null] = args;
  const isLimit = maxLength === null || Number.isSafeInteger(maxLength) && Number(maxLength) >= 0;
  if (!Array.isArray(items) || !isLimit || args.length > 2) return undefined;
  machine.charge(items.length);
  return maxLength === null ? deque(items) : deque(items, Number(maxLength));
}

function makeRange(args: readonly unknown[]): Range | undefined {
  const [start, stop, step] = args;
  if (args.length !== 3 || !isInteger(start) || !isInteger(stop) || !isInteger(step)) {
    return undefined;
  }
  return BigInt(step) === 0n ? undefined : new Range(start, stop, step);
}

function numbers(): Global[] {
  return [
    ofText("decimal.Decimal", makeDecimal),
    ofText("_decimal.Decimal", makeDecimal),
    ofText("fractions.Fraction", makeFraction),
    callable("uuid.UUID", makeUuid, "mutable class"),
    immutable("numpy.dtype", (args, machine) => {
      const type = numpyType(args);
      if (type !== undefined) grow(machine, type, (state) => type.setState(state));
      return type;
    }),
    ...["numpy.core", "numpy._core"].map((module) =>
      callable(`${module}.multiarray.scalar`, numpyScalar)
    ),
    ...NUMPY_TYPES.map((type) => ofText(`numpy.${type}`, (args) => numpyCall(type, args))),
    immutable("numpy.bool", (args) => numpyCall("bool_", args)), // as numpy 2 calls it
  ];
}

/** `decimal.Decimal(text)`. */
function makeDecimal(args: readonly unknown[]): Decimal | undefined {
  const [text] = args;
  return args.length === 1 && Decimal.isDecimal(text) ? new Decimal(text) : undefined;
}

/** `fractions.Fraction(numerator, denominator)`, before Python 3.12 with the text of both. */
function makeFraction(args: readonly unknown[]): Fraction | undefined {
  const [first, second = 1] = args;
  if (typeof first === "string" && args.length === 1) return fractionOfText(first);
  if (!isInteger(first) || !isInteger(second) || args.length > 2 || second < 1) return undefined;
  return new Fraction(first, second);
}

function fractionOfText(text: string): Fraction | undefined {
  if (text.length > 8000) return undefined;
  const [, above, below = "1"] = /^(-?\d{1,4000})(?:\/(\d{1,4000}))?$/.exec(text) ?? [];
  if (above === undefined || BigInt(below) === 0n) return undefined;
  const [numerator, denominator] = [BigInt(above), BigInt(below)].map((integer) => {
    const number = Number(integer);
    return Number.isSafeInteger(number) ? number : integer;
  });
  return new Fraction(numerator ?? 0, denominator ?? 1);
}

/** `uuid.UUID.__new__()`, which gets its number afterwards; or `uuid.UUID(digits)`. */
function makeUuid(args: readonly unknown[], machine: Unpickler): Uuid | undefined {
  const [digits = NIL_UUID] = args;
  if (typeof digits !== "string" || args.length > 1) return undefined;
  if (!/^[\da-f-]{32,36}$/i.test(digits) || digits.replaceAll("-", "").length !== 32) {
    return undefined;
  }
  const uuid = new Uuid(digits);
  grow(machine, uuid, (state) => {
    const number = isPlainObject(state) ? state["int"] : undefined;
    if (!Uuid.setNumber(uuid, number)) throw unreadable("uuid.UUID has a state without its number");
  });
  return uuid;
}

function arrays(): Global[] {
  return ["array", "_array"].flatMap((module) => [
    callable(`${module}.array`, makeArray, "immutable class"),
    callable(`${module}._array_reconstructor`, makeArrayOfBytes),
  ]);
}

/** `array.array(typecode, items)`. */
function makeArray(args: readonly unknown[], machine: Unpickler): unknown {
  const [typeCode, items = []] = args;
  if (typeof typeCode !== "string" || args.length > 2 || !/^[bBuwchHiIlLqQfd]$/.test(typeCode)) {
    return undefined;
  }
  if (typeof items === "string") { // characters, or what Python 2 called so
    machine.charge(items.length);
    return pythonArray("u", items);
  }
  const isText = /[uwc]/.test(typeCode);
  const isItem = (item: unknown) =>
    isText ? typeof item === "string" : typeof item === "number" || isInteger(item);
  if (!Array.isArray(items)) return undefined;
  machine.charge(items.length);
  if (!items.every(isItem)) return undefined;
  return pythonArray(typeCode, items);
}

/** How the items of an array lie in memory, by the number that Python's `array` module has for it. */
const LAYOUTS = [
  "getUint8",
  "getInt8",
  "getUint16",
  "getUint16",
  "getInt16",
  "getInt16",
  "getUint32",
  "getUint32",
  "getInt32",
  "getInt32",
  "getBigUint64",
  "getBigUint64",
  "getBigInt64",
  "getBigInt64",
  "getFloat32",
  "getFloat32",
  "getFloat64",
  "getFloat64",
] as const;

/** `_array_reconstructor(array, typecode, layout, bytes)`: from 18 on, the layouts are those of text. */
function makeArrayOfBytes(args: readonly unknown[], machine: Unpickler): unknown {
  const [cls, typeCode, layout, data] = args;
  if (!(cls instanceof Global) || !/^_?array\.array$/.test(cls.name) || args.length !== 4) {
    return undefined;
  }
  if (typeof typeCode !== "string" || typeof layout !== "number") return undefined;
  const bytes = data instanceof Python2Bytes ? data.bytes : data;
  if (!(bytes instanceof Uint8Array) || !/^[bBuwhHiIlLqQfd]$/.test(typeCode)) return undefined;
  machine.charge(bytes.length);
  const name = LAYOUTS[layout];
  if (name === undefined) return arrayOfText(typeCode, layout, bytes);
  const isLittle = layout < 2 || layout % 2 === 0;
  const size = Number(/\d+/.exec(name)) / 8;
  if (bytes.length % size !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const items: (number | bigint)[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const value = view[name](at, isLittle);
    const number = Number(value);
    items.push(typeof value === "bigint" && !Number.isSafeInteger(number) ? value : number);
  }
  return pythonArray(typeCode, items);
}

function arrayOfText(typeCode: string, layout: number, bytes: Uint8Array): unknown {
  const size = layout < 20 ? 2 : 4;
  if (!/[uw]/.test(typeCode) || !(layout >= 18 && layout <= 21) || bytes.length % size !== 0) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const items: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const isLittle = layout % 2 === 0;
    const point = size === 2 ? view.getUint16(at, isLittle) : view.getUint32(at, isLittle);
    if (point > 0x10ffff) return undefined;
    items.push(String.fromCodePoint(point));
  }
  return pythonArray(typeCode, items);
}

function times(): Global[] {
  return [
    immutable("datetime.time", timeOf),
    immutable("datetime.tzinfo", () => undefined),
  ];
}

function zones(): Global[] {
  const dateutil = ["dateutil.tz.tz", "dateutil.tz"];
  return [
    ...["zoneinfo", "backports.zoneinfo", "_zoneinfo"].flatMap((module) => {
      const written = module === "_zoneinfo" ? "zoneinfo" : module;
      return [
        immutable(`${module}.ZoneInfo`, (args) => zoneInfo(written, args)),
        callable(`${module}.ZoneInfo._unpickle`, (args) => zoneInfo(written, args)),
      ];
    }),
    callable("pytz._UTC", (args) => args.length > 0 ? undefined : utcZone("pytz", "_UTC")),
    callable("pytz._p", pytzZone),
    callable("pytz.FixedOffset", pytzOffset),
    immutable("pytz._FixedOffset", pytzOffset),
    ...dateutil.flatMap((module) => [
      callable(`${module}.tzutc`, () => utcZone("dateutil.tz", "tzutc"), "mutable class"),
      unlooked(`${module}.tzoffset`, ([name, offset], machine) => {
        const zone = new BuiltZone(new PythonName("dateutil.tz", "tzoffset"));
        if (offset !== undefined) setDateutilOffset(zone, { _name: name, _offset: offset });
        return built(machine, zone, setDateutilOffset);
      }, "mutable class"),
      callable(`${module}.tzfile`, (args, machine) => {
        const zone = fileZone(args);
        if (zone !== undefined) grow(machine, zone, () => {});
        return zone;
      }, "immutable class"),
      callable(`${module}.gettz`, namedFileZone),
      callable(`${module}._ttinfo`, (_, machine) => {
        const info = new Intermediate(`${module}._ttinfo`);
        grow(machine, info, () => {});
        return info;
      }, "mutable class"),
    ]),
    callable("django.utils.timezone.UTC", (_, machine) => {
      const zone = utcZone("django.utils.timezone", "UTC");
      grow(machine, zone, () => {});
      return zone;
    }, "mutable class"),
    unlooked("django.utils.timezone.FixedOffset", ([minutes, name = null], machine) => {
      const zone = new BuiltZone(new PythonName("django.utils.timezone", "FixedOffset"));
      if (typeof minutes === "number") {
        setDjangoOffset(zone, { _FixedOffset__name: name, _FixedOffset__offset: minutes * 60 });
      }
      return built(machine, zone, setDjangoOffset);
    }, "mutable class"),
    unlooked("psycopg2.tz.FixedOffsetTimezone", (args, machine) => {
      const zone = psycopgZone(args);
      if (zone !== undefined) grow(machine, zone, () => {});
      return zone;
    }, "immutable class"),
  ];
}

/** A zone that gets its offset with its state. */
function built(
  machine: Unpickler,
  zone: BuiltZone,
  set: (zone: BuiltZone, state: unknown) => boolean,
): BuiltZone {
  grow(machine, zone, (state) => {
    if (!set(zone, state)) throw unreadable("a time zone has a state without its offset");
  });
  return zone;
}

/** Lets a value take the state that follows in the pickle, by a function. */
function grow(machine: Unpickler, value: object, build: (state: unknown) => void): void {
  machine.growing ??= new Map();
  machine.growing.set(value, { build });
}
