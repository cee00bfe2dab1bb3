import { Complex } from "./complex.ts";
import { addAll } from "./container_instructions.ts";
import { dateFromDate, dateFromDatetime, timeDelta, timeZone } from "./datetime.ts";
import { isPlainObject } from "./dicts.ts";
import { notPlainData, unreadable } from "./faults.ts";
import { frozenSet } from "./frozen_set.ts";
import { Intermediate } from "./intermediate.ts";
import { encodeLatin1 } from "./text.ts";
import type { Unpickler } from "./unpickler.ts";

/** Makes the value that a call of a global stands for. */
type Make = (args: readonly unknown[], machine: Unpickler) => unknown;

/** How `cls.__new__(cls, *args)` differs from `cls(*args)`; a function has no `__new__`. */
type Kind = "function" | "immutable class" | "mutable class";

/** A global that is understood: it only ever makes data. */
export class Global extends Intermediate {
  readonly name: string;
  readonly kind: Kind;
  readonly make: Make;

  constructor(name: string, kind: Kind, make: Make) {
    super();
    this.name = name;
    this.kind = kind;
    this.make = make;
  }
}

/** `_codecs.encode`, by which protocols below 3 write bytes. */
export const LATIN1_ENCODE: Global = new Global("_codecs.encode", "function", makeEncoded);

const CODEC = /^(?:latin[-_]?1|iso-?8859-1)$/i;

/** Every global that is understood. Nothing else is ever looked up by a name out of a pickle. */
const GLOBALS: ReadonlyMap<string, Global> = new Map([
  LATIN1_ENCODE,
  ...["__builtin__", "builtins"].flatMap((module) => [
    new Global(`${module}.set`, "mutable class", makeSet),
    new Global(`${module}.frozenset`, "immutable class", makeFrozenSet),
    new Global(`${module}.bytes`, "immutable class", makeBytes),
    new Global(`${module}.bytearray`, "mutable class", makeBytearray),
    new Global(`${module}.complex`, "immutable class", makeComplex),
  ]),
  new Global("collections.OrderedDict", "mutable class", makeOrderedDict),
  new Global("collections.Counter", "mutable class", makeCounter),
  new Global("datetime.datetime", "immutable class", dateFromDatetime),
  new Global("datetime.date", "immutable class", dateFromDate),
  new Global("datetime.timedelta", "immutable class", timeDelta),
  new Global("datetime.timezone", "immutable class", timeZone),
].map((global) => [global.name, global]));

/** Finds a global by its name, or throws an error that gives the name. */
export function findGlobal(module: string, name: string): Global {
  const path = `${module}.${name}`;
  const global = GLOBALS.get(path);
  if (global === undefined) throw notPlainData(path);
  return global;
}

function makeEncoded(args: readonly unknown[], machine: Unpickler): Uint8Array {
  const [text, codec] = args;
  if (typeof text !== "string" || typeof codec !== "string" || args.length !== 2) {
    throw badArguments("_codecs.encode");
  }
  machine.charge(text.length);
  const bytes = CODEC.test(codec) ? encodeLatin1(text) : undefined;
  if (bytes === undefined) throw badArguments("_codecs.encode");
  return bytes;
}

function makeSet(args: readonly unknown[], machine: Unpickler): Set<unknown> {
  return addAll(new Set(), itemsIn(args, machine, "set"), machine.keys);
}

function makeFrozenSet(args: readonly unknown[], machine: Unpickler): Set<unknown> {
  return addAll(frozenSet(), itemsIn(args, machine, "frozenset"), machine.keys);
}

function makeBytearray(args: readonly unknown[], machine: Unpickler): Uint8Array {
  const bytes = makeBytes(args, machine);
  machine.keys.bytearrays.add(bytes);
  return bytes;
}

/** From other bytes, from text and a codec (Python 2), or from a list of numbers (Python 3.0). */
function makeBytes(args: readonly unknown[], machine: Unpickler): Uint8Array {
  const [source = []] = args;
  if (typeof source === "string") return makeEncoded(args, machine);
  const isList = Array.isArray(source) || source instanceof Uint8Array;
  if (args.length > 1 || !isList) throw badArguments("bytes");
  machine.charge(source.length);
  if (!(source as ArrayLike<unknown>[]).every(isByte)) throw badArguments("bytes");
  return Uint8Array.from(source);
}

function makeComplex(args: readonly unknown[]): Complex {
  const [real = 0, imag = 0] = args;
  if (typeof real !== "number" || typeof imag !== "number" || args.length > 2) {
    throw badArguments("complex");
  }
  return new Complex(real, imag);
}

/** Python 3 adds the items afterwards; Python 2 gave them as pairs. */
function makeOrderedDict(args: readonly unknown[], machine: Unpickler): unknown {
  const pairs = itemsIn(args, machine, "collections.OrderedDict");
  return machine.dicts.fill({}, pairs.flatMap(pairOf));
}

function makeCounter(args: readonly unknown[], machine: Unpickler): unknown {
  const counts = machine.dicts.current(args[0] ?? {});
  if (args.length > 1) throw badArguments("collections.Counter");
  if (!(counts instanceof Map) && !isPlainObject(counts)) throw badArguments("collections.Counter");
  const pairs = counts instanceof Map ? [...counts] : Object.entries(counts);
  machine.charge(pairs.length);
  return machine.dicts.fill({}, pairs.flat());
}

/** The items of the only argument, a list or tuple; none where there is no argument. */
function itemsIn(args: readonly unknown[], machine: Unpickler, name: string): readonly unknown[] {
  const [items = []] = args;
  if (!Array.isArray(items) || args.length > 1) throw badArguments(name);
  machine.charge(items.length);
  return items;
}

function pairOf(pair: unknown): unknown[] {
  if (Array.isArray(pair) && pair.length === 2) return pair;
  throw badArguments("collections.OrderedDict");
}

function isByte(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 0xff && Number.isInteger(value);
}

function badArguments(name: string): Error {
  return unreadable(`${name} is called with arguments that it does not take`);
}
