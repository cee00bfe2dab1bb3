import { unreadable } from "./faults.ts";
import { findGlobal, Global } from "./globals.ts";
import { isPlainObject } from "./dicts.ts";
import { opcode } from "./opcodes.ts";
import { decodeLatin1 } from "./text.ts";
import { isTuple } from "./tuple.ts";
import type { Instructions, Unpickler } from "./unpickler.ts";

/** Instructions that name a global or call one, and those that would reach out of the pickle. */
export const globalInstructions: Instructions = [
  [opcode.GLOBAL, (machine) => machine.pushIntermediate(readGlobal(machine))],
  [opcode.STACK_GLOBAL, pushStackGlobal],
  [opcode.REDUCE, reduce],
  [opcode.INST, instantiate],
  [opcode.OBJ, instantiateFromStack],
  [opcode.NEWOBJ, (machine) => newObject(machine, machine.pop())],
  [opcode.NEWOBJ_EX, newObjectWithKeywords],
  [opcode.BUILD, build],

  [opcode.PERSID, () => refuse("a persistent id")],
  [opcode.BINPERSID, () => refuse("a persistent id")],
  [opcode.EXT1, () => refuse("an extension code")],
  [opcode.EXT2, () => refuse("an extension code")],
  [opcode.EXT4, () => refuse("an extension code")],
  [opcode.NEXT_BUFFER, () => refuse("an out-of-band buffer")],
  [opcode.READONLY_BUFFER, checkBuffer],
];

function readGlobal({ source }: Unpickler): Global {
  const module = decodeLatin1(source.line());
  return findGlobal(module, decodeLatin1(source.line()));
}

function pushStackGlobal(machine: Unpickler): void {
  const [module, name] = machine.popMany(2);
  if (typeof module !== "string" || typeof name !== "string") {
    throw unreadable("the name of a global is not a string");
  }
  machine.pushIntermediate(findGlobal(module, name));
}

function reduce(machine: Unpickler): void {
  const [global, args] = machine.popMany(2);
  call(machine, global, requireTuple(args));
}

function instantiate(machine: Unpickler): void {
  const global = readGlobal(machine);
  call(machine, global, machine.popMark());
}

function instantiateFromStack(machine: Unpickler): void {
  const [global, ...args] = machine.popMark();
  call(machine, global, args);
}

/** `cls.__new__` alone leaves empty what `cls.__init__` would fill. */
function newObject(machine: Unpickler, args: unknown): void {
  const global = machine.pop();
  if (!(global instanceof Global) || global.kind === "function") {
    throw unreadable("it instantiates what is not a class");
  }
  const items = requireTuple(args);
  call(machine, global, global.kind === "mutable class" ? [] : items);
}

function newObjectWithKeywords(machine: Unpickler): void {
  const [args, keywords] = machine.popMany(2);
  if (!isPlainObject(keywords) || Object.keys(keywords).length > 0) {
    throw unreadable("it calls a class with keyword arguments");
  }
  newObject(machine, args);
}

function call(machine: Unpickler, global: unknown, args: readonly unknown[]): void {
  if (!(global instanceof Global)) throw unreadable("it calls what is not a global");
  machine.push(global.make(args, machine));
}

function requireTuple(args: unknown): readonly unknown[] {
  if (Array.isArray(args) && isTuple(args)) return args;
  throw unreadable("it calls a global without a tuple of arguments");
}

/** Plain data has no state besides what makes it. */
function build(machine: Unpickler): void {
  const state = machine.pop();
  if (state !== null) throw unreadable("it sets attributes, which plain data does not have");
  machine.top();
}

function checkBuffer(machine: Unpickler): void {
  if (!(machine.top() instanceof Uint8Array)) throw unreadable("a buffer is not bytes");
}

function refuse(what: string): never {
  throw unreadable(`it refers to ${what}, which lies outside of it`);
}
