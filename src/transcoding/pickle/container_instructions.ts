import { unreadable } from "./faults.ts";
import { frozenSet, isFrozenSet } from "./frozen_set.ts";
import type { KeyIndex } from "./key_index.ts";
import { opcode } from "./opcodes.ts";
import { isTuple, markTuple } from "./tuple.ts";
import type { Instructions, Unpickler } from "./unpickler.ts";

/** Instructions that make lists, tuples, dicts and sets, or add to them. */
export const containerInstructions: Instructions = [
  [opcode.EMPTY_TUPLE, (machine) => machine.push(markTuple([]))],
  [opcode.TUPLE1, (machine) => machine.push(markTuple(machine.popMany(1)))],
  [opcode.TUPLE2, (machine) => machine.push(markTuple(machine.popMany(2)))],
  [opcode.TUPLE3, (machine) => machine.push(markTuple(machine.popMany(3)))],
  [opcode.TUPLE, (machine) => machine.push(markTuple(machine.popMark()))],

  [opcode.EMPTY_LIST, (machine) => machine.push([])],
  [opcode.LIST, (machine) => machine.push(machine.popMark())],
  [opcode.APPEND, (machine) => append(machine, [machine.pop()])],
  [opcode.APPENDS, (machine) => append(machine, machine.popMark())],

  [opcode.EMPTY_DICT, (machine) => machine.push({})],
  [opcode.DICT, (machine) => machine.push(machine.dicts.fill({}, machine.popMark()))],
  [opcode.SETITEM, (machine) => setItems(machine, machine.popMany(2))],
  [opcode.SETITEMS, (machine) => setItems(machine, machine.popMark())],

  [opcode.EMPTY_SET, (machine) => machine.push(new Set())],
  [opcode.ADDITEMS, addItems],
  [opcode.FROZENSET, pushFrozenSet],
];

/** Adds items to a set, but none that Python holds equal to one that is there. */
export function addAll(set: Set<unknown>, items: readonly unknown[], keys: KeyIndex): Set<unknown> {
  for (const item of items) set.add(keys.resolve(set, item));
  return set;
}

function append(machine: Unpickler, items: readonly unknown[]): void {
  const list = machine.top();
  if (!Array.isArray(list) || isTuple(list)) throw unreadable("it appends to what is not a list");
  for (const item of items) list.push(item);
}

function setItems(machine: Unpickler, pairs: readonly unknown[]): void {
  machine.replaceTop(machine.dicts.fill(machine.top(), pairs));
}

function addItems(machine: Unpickler): void {
  const items = machine.popMark();
  const set = machine.top();
  if (!(set instanceof Set) || isFrozenSet(set)) throw unreadable("it adds to what is not a set");
  addAll(set, items, machine.keys);
}

function pushFrozenSet(machine: Unpickler): void {
  const items = machine.popMark();
  machine.push(addAll(frozenSet(), items, machine.keys));
}
