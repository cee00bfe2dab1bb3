/** What names stand for that the core does not know: loaded when a pickle has the first of them, or for tuples as keys. @module */

import "../../../loaded_already.ts";
import { ClientException } from "../../../errors.ts";
import { notPlainData, unreadable } from "../byte_source.ts";
import { Global, type Make } from "../global.ts";
import { Intermediate } from "../python_types.ts";
import type { ReadInstance, Unpickler } from "../unpickler.ts";
import { chargeLook, makeClassTable } from "./class_table.ts";
import { Instance, makeFinal } from "./final_values.ts";
import { Unreadable } from "./unreadable.ts";
export { findTuplesIn } from "./tuple_keys.ts";

const IGNORE = { build() {}, extend() {}, fill() {} };

/** Longer than any name. A pickle may make very many of one string. */
const LONGEST_PATH = 1000;

let table: ReadonlyMap<string, Global> | undefined;

/**
 * Finds what a name stands for: what the caller registered, a class of the table, or nothing that is read.
 *
 * @param core What the core has for the name, if anything.
 * @throws {ClientException} When it is not read, and is not to be kept.
 */
export function findClass(path: string, machine: Unpickler, core?: Global): Intermediate {
  if (path.length > LONGEST_PATH) throw unreadable("the name of a global is too long");
  machine.findClass ??= (path) => findClass(path, machine);
  const { classes = {}, keepUnreadable = false } = machine.options;
  if (keepUnreadable && machine.keep === undefined) keepAll(machine);
  if (Object.hasOwn(classes, path)) return registered(path, classes[path]!, machine);
  table ??= makeClassTable();
  const global = core ?? table.get(path);
  if (global !== undefined) {
    return keepUnreadable ? lenient(global, global === core) : global;
  }
  // The class around one that is registered: getattr goes from it to that.
  if (Object.keys(classes).some((name) => name.startsWith(`${path}.`))) {
    return new Intermediate(path);
  }
  const { keep } = machine;
  if (keep === undefined) throw notPlainData(path);
  return new Global(path, "immutable class", () => keep(path));
}

/** A class that the caller registered. */
function registered(path: string, read: ReadInstance, machine: Unpickler): Global {
  makeEachFinal(machine);
  return new Global(path, "immutable class", (args) => {
    const instance = new Instance(path, args, read);
    const { parts } = instance;
    growingOf(machine).set(instance, {
      build: (state) => instance.grow(() => parts.state = state),
      extend: (items) => instance.grow(() => items.forEach((item) => parts.items.push(item))),
      fill: (pairs) => instance.grow(() => addPairs(parts.items, pairs)),
    });
    return instance;
  });
}

function addPairs(items: unknown[], pairs: readonly unknown[]): void {
  if (pairs.length % 2 !== 0) throw unreadable("a dict has a key without a value");
  for (let i = 0; i < pairs.length; i += 2) items.push([pairs[i], pairs[i + 1]]);
}

/** The same global, but arguments that it does not read make an `Unreadable`. */
function lenient(global: Global, isCore: boolean): Global {
  const make: Make = (args, machine) =>
    madeBy(() => {
      if (isCore) machine.charge(0); // After too many looks, it takes no more.
      const made = madeBy(() => global.make(args, machine));
      // What fails may have looked at all of them, and does not end the reading. Other globals count that themselves.
      if (made === undefined && isCore) chargeLook(args, machine);
      return made;
    });
  return new Global(global.name, global.kind, make);
}

/** What a function makes; `undefined`, which is kept, when it fails. */
function madeBy(make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ClientException)) throw error;
    return undefined;
  }
}

function keepAll(machine: Unpickler): void {
  machine.keep = (className) => {
    const unreadable = new Unreadable(className);
    growingOf(machine).set(unreadable, IGNORE);
    return unreadable;
  };
  makeEachFinal(machine);
}

/** Lets the machine make the value final at the end, and each key when it is used. */
function makeEachFinal(machine: Unpickler): void {
  if (machine.final !== undefined) return;
  const refused = (part: Intermediate) => {
    if (machine.keep !== undefined) return machine.keep(part.name);
    throw unreadable(part.problem);
  };
  machine.final = (value) => makeFinal(value, machine, refused).value;
  machine.keys.final = (key) => {
    const { value, size } = makeFinal(key, machine, refused);
    machine.charge(size);
    return value;
  };
}

function growingOf(machine: Unpickler): NonNullable<Unpickler["growing"]> {
  return machine.growing ??= new Map();
}
