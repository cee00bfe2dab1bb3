/** A global of a pickle, such as a class or a function, and the values that its calls make. @module */

import { Intermediate } from "./python_types.ts";
import type { Unpickler } from "./unpickler.ts";

/** Makes the value that a call of a global stands for; `undefined` when it does not take the arguments. */
export type Make = (args: readonly unknown[], machine: Unpickler) => unknown;

/** How `cls.__new__(cls, *args)` differs from `cls(*args)`; a function has no `__new__`. */
export type Kind = "function" | "immutable class" | "mutable class";

/** A global that is understood: all it does is make data. */
export class Global extends Intermediate {
  readonly kind: Kind;
  readonly make: Make;

  constructor(name: string, kind: Kind, make: Make) {
    super(name);
    this.kind = kind;
    this.make = make;
  }
}

/** Finds the global that a name stands for, or throws: what is loaded for names that the core does not have. */
export type FindGlobal = (name: string, machine: Unpickler, core?: Global) => Intermediate;
