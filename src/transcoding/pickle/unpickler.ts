import { type ByteSource, unreadable } from "./byte_source.ts";
import { Dicts, replaceWithin } from "./dicts.ts";
import { KeyIndex } from "./keys.ts";
import { type Growing, Intermediate } from "./python_types.ts";

/** What is done for one opcode. A value that it returns is pushed. */
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
}

/** How many times the length of a pickle it may copy: CPython writes some bytearrays in two copies. */
const MOST_COPIES = 3;

/** The pickle machine: a stack, the marks on it, and a memo. */
export class Unpickler {
  readonly source: ByteSource;
  readonly keys: KeyIndex = new KeyIndex();
  readonly dicts: Dicts = new Dicts(this.keys);
  readonly #stack: unknown[] = [];
  /** Indexes mostly follow one another. Where they leave a gap, engines keep arrays as small as their items. */
  readonly #memo: unknown[] = [];
  #memoSize = 0;
  /** How high the stack was at each mark. */
  readonly #marks: number[] = [];
  /** How high it was at the last one: what lies below cannot be taken off. */
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
  settle: ((value: unknown) => unknown) | undefined;

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

  /** Takes `count` values off the stack, the lowest first. */
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

  /** Takes the last mark off the stack, and returns what was above it. */
  popMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw unreadable("it uses a mark that it did not set");
    this.#lastMark = this.#marks.at(-1) ?? 0;
    return this.#stack.splice(mark);
  }

  /** Puts what is on top into the memo, by default under the index that MEMOIZE takes. */
  memoize(index: number = this.#memoSize): void {
    if (this.#memo[index] === undefined) this.#memoSize++;
    this.#memo[index] = this.top();
  }

  /** What the memo has under an index. */
  recall(index: number): unknown {
    const value = this.#memo[index];
    if (value === undefined) throw unreadable(`it refers to ${index}, which it did not define`);
    return this.dicts.share(value);
  }

  /**
   * Counts what is copied rather than moved, a list into a set or text into bytes. A pickle can name the
   * same list again and again, and must not take more memory by it than in proportion to its length.
   */
  charge(size: number): void {
    this.#budget -= size;
    if (this.#budget < 0) throw unreadable("it copies more than it holds");
  }

  /** Pushes what must not be part of the value, which is then searched for it. */
  pushIntermediate(value: Intermediate): void {
    this.hasIntermediates = true;
    this.push(value);
  }

  /** Takes off the value that the pickle stands for. */
  finish(): unknown {
    const value = this.pop();
    if (this.settle !== undefined) return this.settle(value);
    if (!this.hasIntermediates && !this.dicts.mustReplace) return value;
    return replaceWithin(value, (part) => {
      if (part instanceof Intermediate) throw unreadable(part.problem);
      return this.dicts.current(part);
    });
  }

  #checkDepth(count: number): void {
    if (this.#stack.length - count < this.#lastMark) {
      throw unreadable("it takes a value from where there is none");
    }
  }
}
