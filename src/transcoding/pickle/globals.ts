/** The globals in pickles of plain data, and the instructions that call them. @module */

import { quote } from "../../errors.ts";
import { lazily } from "../../waiting.ts";
import { notPlainData, unreadable } from "./byte_source.ts";
import { dateFromDate, dateFromDatetime, signatureOf, timeDelta, timeZone } from "./datetime.ts";
import { isPlainObject, replaceWithin } from "./dicts.ts";
import { type FindGlobal, Global } from "./global.ts";
import * as opcode from "./opcodes.ts";
import {
  bytearrayOf,
  callOf,
  Intermediate,
  isFrozenSet,
  isTuple,
  madeByCall,
  PythonName,
  sameInPython,
} from "./python_types.ts";
import { Complex } from "../complex.ts";
import { frozenSet } from "./containers.ts";
import { decodeLatin1, encodeLatin1 } from "./strings.ts";
import type { Instructions, Unpickler } from "./unpickler.ts";

const ORDERED_DICT = /* @__PURE__ */ new PythonName("collections", "OrderedDict");
const COUNTER = /* @__PURE__ */ new PythonName("collections", "Counter");

const CODEC = /^(?:latin[-_]?1|iso-?8859-1)$/i;

/** Names whose meaning is loaded when a pickle has one of them, and maybe others in the same modules. */
const LOADED =
  /^(_*builtins?_*|copy_?reg|collections|_?decimal|fractions|uuid|datetime|_?zoneinfo|backports|pytz|dateutil|django|psycopg2|_?array|numpy)\./;

let globals: ReadonlyMap<string, Global> | undefined;
let findLoaded: FindGlobal | undefined;

const load = /* @__PURE__ */ lazily(() => import("./classes/find_class.ts"));

/** Loads what names that are not among those here stand for. */
export async function loadClasses(): Promise<void> {
  findLoaded = (await load()).findClass;
}

/** Makes the Maps of what is being read find tuples by their items. */
export async function findTuplesIn(reading: unknown): Promise<unknown> {
  const value = await reading;
  const { findTuplesIn } = await load();
  return findTuplesIn(value, [replaceWithin, signatureOf, isFrozenSet, sameInPython]);
}

/** All supported globals by name. Names in a pickle are looked up only here. */
function makeGlobals(): ReadonlyMap<string, Global> {
  const all = [
    new Global("_codecs.encode", "function", makeEncoded),
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
  ];
  return new Map(all.map((global) => [global.name, global]));
}

/** Instructions that name or call a global, and those that refer to something outside of the pickle. */
export function globalInstructions(): Instructions {
  return {
    [opcode.GLOBAL]: pushGlobal,
    [opcode.STACK_GLOBAL]: pushNamedGlobal,
    [opcode.REDUCE]: reduce,
    [opcode.INST]: callNamedGlobal,
    [opcode.OBJ]: instantiate,
    [opcode.NEWOBJ]: (machine) => newObject(machine, machine.pop()),
    [opcode.NEWOBJ_EX]: newObjectWithKeywords,
    [opcode.BUILD]: build,

    [opcode.PERSID]: refuse,
    [opcode.BINPERSID]: refuse,
    [opcode.EXT1]: refuse,
    [opcode.EXT2]: refuse,
    [opcode.EXT4]: refuse,
    [opcode.NEXT_BUFFER]: refuse,
    [opcode.READONLY_BUFFER]: checkBuffer,
  };
}

function pushGlobal(machine: Unpickler): void {
  const global = readGlobal(machine);
  if (global !== undefined) machine.pushIntermediate(global);
}

/** Calls a global that is named in place with what is above the mark. */
function callNamedGlobal(machine: Unpickler): unknown {
  const global = readGlobal(machine);
  return global && call(machine, global, machine.popMark());
}

function readGlobal(machine: Unpickler): Intermediate | undefined {
  const { source } = machine;
  const start = source.offset - 1;
  const module = decodeLatin1(source.line());
  const global = findGlobal(`${module}.${decodeLatin1(source.line())}`, machine);
  if (global === undefined) source.offset = start; // the instruction is carried out again
  return global;
}

function pushNamedGlobal(machine: Unpickler): void {
  const [module, name] = machine.popMany(2);
  if (typeof module !== "string" || typeof name !== "string") {
    throw unreadable("the name of a global is not a string");
  }
  const global = findGlobal(`${module}.${name}`, machine);
  if (global !== undefined) return machine.pushIntermediate(global);
  machine.source.offset--;
  machine.push(module);
  machine.push(name);
}

/** `undefined` when it has to be loaded first. */
function findGlobal(path: string, machine: Unpickler): Intermediate | undefined {
  globals ??= makeGlobals();
  const global = globals.get(path);
  if (findLoaded !== undefined) return findLoaded(path, machine, global);
  const { classes, keepUnreadable } = machine.options;
  machine.isWaiting = !!(classes || keepUnreadable || !global && LOADED.test(path));
  if (machine.isWaiting) return undefined;
  if (global === undefined) throw notPlainData(path);
  return global;
}

function reduce(machine: Unpickler): unknown {
  const [global, args] = machine.popMany(2);
  return call(machine, global, requireTuple(args));
}

function instantiate(machine: Unpickler): unknown {
  const [global, ...args] = machine.popMark();
  return call(machine, global, args);
}

/** `cls.__new__` alone makes an empty object that `cls.__init__` would fill. */
function newObject(machine: Unpickler, args: unknown): unknown {
  const global = machine.pop();
  if (!(global instanceof Global) || global.kind === "function") {
    throw unreadable("it instantiates something that is not a class");
  }
  const items = requireTuple(args);
  return call(machine, global, global.kind === "mutable class" ? [] : items);
}

function newObjectWithKeywords(machine: Unpickler): unknown {
  const [args, keywords] = machine.popMany(2);
  if (!isPlainObject(keywords) || Object.keys(keywords).length > 0) {
    const cls = machine.pop();
    const name = cls instanceof Intermediate ? cls.name : "a class";
    if (machine.keep !== undefined) return machine.keep(name);
    throw unreadable(`it calls ${name} with keyword arguments`);
  }
  return newObject(machine, args);
}

function call(machine: Unpickler, global: unknown, args: readonly unknown[]): unknown {
  if (!(global instanceof Global)) throw unreadable("it calls something that is not a global");
  const made = global.make(args, machine);
  if (made instanceof Intermediate) machine.hasIntermediates = true;
  if (made !== undefined) return made;
  if (machine.keep !== undefined) return machine.keep(global.name);
  throw unreadable(`${global.name} is called with invalid arguments`);
}

function requireTuple(args: unknown): readonly unknown[] {
  if (Array.isArray(args) && isTuple(args)) return args;
  throw unreadable("it calls a global without a tuple of arguments");
}

/** Plain data has no additional state. */
function build(machine: Unpickler): void {
  const state = machine.pop();
  const value = machine.top();
  const grow = machine.growing?.get(value)?.build;
  if (grow !== undefined) grow(state);
  else if (state !== null) {
    const { name } = callOf(Object(value))?.callee ?? Object(value).constructor;
    throw unreadable(`it sets attributes of ${quote(name)}, which plain data does not have`);
  }
}

function checkBuffer(machine: Unpickler): void {
  if (!(machine.top() instanceof Uint8Array)) throw unreadable("a buffer is not bytes");
}

/** Persistent ids, extension codes and out-of-band buffers. */
function refuse(): never {
  throw unreadable("it refers to something outside of it");
}

/** Protocols below 3 write bytes as a call of `_codecs.encode`. */
function makeEncoded(args: readonly unknown[], machine: Unpickler): Uint8Array | undefined {
  const [text, codec] = args;
  if (typeof text !== "string" || typeof codec !== "string" || args.length !== 2) return undefined;
  machine.charge(text.length);
  return CODEC.test(codec) ? encodeLatin1(text) : undefined;
}

function makeSet(args: readonly unknown[], machine: Unpickler): Set<unknown> | undefined {
  const items = itemsIn(args, machine);
  return items && machine.keys.addAll(new Set(), items);
}

function makeFrozenSet(args: readonly unknown[], machine: Unpickler): Set<unknown> | undefined {
  const items = itemsIn(args, machine);
  return items && machine.keys.addAll(frozenSet(), items);
}

function makeBytearray(args: readonly unknown[], machine: Unpickler): Uint8Array | undefined {
  const bytes = makeBytes(args, machine);
  return bytes && bytearrayOf(bytes);
}

/** Makes bytes from other bytes, from text and a codec (Python 2), or from a list of numbers (Python 3.0). */
function makeBytes(args: readonly unknown[], machine: Unpickler): Uint8Array | undefined {
  const [source = []] = args;
  if (typeof source === "string") return makeEncoded(args, machine);
  const isList = Array.isArray(source) || source instanceof Uint8Array;
  if (args.length > 1 || !isList) return undefined;
  machine.charge(source.length);
  return (source as ArrayLike<unknown>[]).every(isByte) ? Uint8Array.from(source) : undefined;
}

function makeComplex(args: readonly unknown[]): Complex | undefined {
  const [real = 0, imag = 0] = args;
  if (typeof real !== "number" || typeof imag !== "number" || args.length > 2) return undefined;
  return new Complex(real, imag);
}

/** Python 3 adds the items afterwards; Python 2 passed them as pairs. */
function makeOrderedDict(args: readonly unknown[], machine: Unpickler): unknown {
  const pairs = itemsIn(args, machine);
  const dict = madeByCall({}, { callee: ORDERED_DICT, args: [] });
  return pairs?.every(isPair) ? machine.dicts.fill(dict, pairs.flat()) : undefined;
}

function makeCounter(args: readonly unknown[], machine: Unpickler): unknown {
  const counts = machine.dicts.current(args[0] ?? {});
  if (args.length > 1 || !(counts instanceof Map || isPlainObject(counts))) return undefined;
  const pairs = counts instanceof Map ? [...counts] : Object.entries(counts);
  machine.charge(pairs.length);
  return machine.dicts.fill(madeByCall({}, { callee: COUNTER, args: [] }), pairs.flat());
}

/** The items of the only argument, a list or tuple; no items without an argument. */
function itemsIn(args: readonly unknown[], machine: Unpickler): readonly unknown[] | undefined {
  const [items = []] = args;
  if (!Array.isArray(items) || args.length > 1) return undefined;
  machine.charge(items.length);
  return items;
}

function isPair(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length === 2;
}

function isByte(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 0xff && Number.isInteger(value);
}
