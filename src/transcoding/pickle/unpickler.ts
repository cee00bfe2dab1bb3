/** The machine that reads a pickle: its stack, its memo, and what its opcodes may do. @module */

import { type ByteSource, unreadable } from "./byte_source.ts";
import { Dicts, replaceWithin } from "./dicts.ts";
import { KeyIndex } from "./keys.ts";
import { type Growing, Intermediate } from "./python_types.ts";

/** The implementation of one opcode. Its result, if any, is pushed onto the stack. */
export type Instruction = (machine: Unpickler) => unknown;

/** Instructions by their opcodes. */
export type Instructions = Readonly<Record<number, Instruction>>;

/**
 * Makes a value of an instance of a class of Python's.
 *
 * @param args The arguments that make it, in Python a call or `__new__`.
 * @param state Its attributes, or what its `__getstate__` returned; `undefined` when it has none.
 * @param items What it holds, if its class is one of lists or sets; if it is one of dicts, arrays of a key and
 * its value.
 * @returns The value; not `undefined`.
 */
export type ReadInstance = (
  args: readonly unknown[],
  state: unknown,
  items: readonly unknown[],
) => unknown;

/** What is read besides plain data and the classes of Python's library, and how. */
export interface ReadPickleOptions {
  /** What makes values of instances, by their classes. */
  readonly classes?: Readonly<Record<string, ReadInstance>> | undefined;
  /** Whether what cannot be read becomes an `Unreadable` instead of an error. */
  readonly keepUnreadable?: boolean | undefined;
  /** Whether a `Map` finds tuples by their items. */
  readonly tupleKeys?: boolean | undefined;
}

/** How much may be copied, as a multiple of the pickle's length: CPython writes some bytearrays in two copies. */
const MOST_COPIES = 3;

/** The pickle machine: a stack, marks on the stack, and a memo. */
export class Unpickler {
  readonly source: ByteSource;
  readonly keys: KeyIndex = new KeyIndex();
  readonly dicts: Dicts = new Dicts(this.keys);
  readonly #stack: unknown[] = [];
  /**
   * Indexes are mostly consecutive. With gaps, engines use a sparse array, so a large index does not use much memory.
   */
  readonly #memo: unknown[] = [];
  #memoSize = 0;
  /** The height of the stack at each mark. */
  readonly #marks: number[] = [];
  /** The height at the last mark: values below it cannot be popped. */
  #lastMark = 0;
  #budget: number;
  readonly options: ReadPickleOptions;
  /** Whether some value must not be part of the result, which is then searched for it. */
  hasIntermediates = false;
  /** Whether something has to be loaded before the next instruction. */
  isWaiting = false;
  /** What takes the state and the items of some values. */
  growing: Map<unknown, Growing> | undefined;
  /** Finds what a name stands for, when a call asks for that. */
  findClass: ((path: string) => Intermediate) | undefined;
  /** Makes an `Unreadable` of what could not be read, if these are kept. */
  keep: ((className: string) => unknown) | undefined;
  /** Makes the value of what was read, where that takes more than replacing dicts. */
  final: ((value: unknown) => unknown) | undefined;

  constructor(source: ByteSource, options: ReadPickleOptions) {
    this.source = source;
    this.options = options;
    this.#budget = source.bytes.length * MOST_COPIES;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    this.#checkDepth(1);
    return this.#stack.pop();
  }

  top(): unknown {
    this.#checkDepth(1);
    return this.#stack.at(-1);
  }

  replaceTop(value: unknown): void {
    this.#checkDepth(1);
    this.#stack[this.#stack.length - 1] = value;
  }

  /** Pops `count` values, and returns the lowest first. */
  popMany(count: number): unknown[] {
    this.#checkDepth(count);
    return this.#stack.splice(this.#stack.length - count);
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
    this.#lastMark = this.#stack.length;
  }

  /** Whether the last mark is on top of the stack. */
  get atMark(): boolean {
    return this.#marks.length > 0 && this.#stack.length === this.#lastMark;
  }

  /** Pops the last mark, and returns the values above it. */
  popMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw unreadable("it uses a mark that it did not set");
    this.#lastMark = this.#marks.at(-1) ?? 0;
    return this.#stack.splice(mark);
  }

  /** Puts the top of the stack into the memo, by default with the next index, as MEMOIZE does. */
  memoize(index: number = this.#memoSize): void {
    if (this.#memo[index] === undefined) this.#memoSize++;
    this.#memo[index] = this.top();
  }

  /** The memo's value with an index. */
  recall(index: number): unknown {
    const value = this.#memo[index];
    if (value === undefined) throw unreadable(`it refers to ${index}, which it did not define`);
    return this.dicts.share(value);
  }

  /**
   * Counts copies, for example of a list into a set or of text into bytes. A pickle can refer to the same list many
   * times. The limit keeps memory proportional to the pickle's length.
   */
  charge(size: number): void {
    this.#budget -= size;
    if (this.#budget < 0) throw unreadable("it copies more than it holds");
  }

  /** Pushes a value that must not be part of the result. The result is then searched for it. */
  pushIntermediate(value: Intermediate): void {
    this.hasIntermediates = true;
    this.push(value);
  }

  /** Pops the result of the pickle. */
  finish(): unknown {
    const value = this.pop();
    if (this.final !== undefined) return this.final(value);
    if (!this.hasIntermediates && !this.dicts.mustReplace) return value;
    return replaceWithin(value, (part) => {
      if (part instanceof Intermediate) throw unreadable(part.problem);
      return this.dicts.current(part);
    });
  }

  #checkDepth(count: number): void {
    if (this.#stack.length - count < this.#lastMark) {
      throw unreadable("it takes a value from an empty stack");
    }
  }
}
