import type { ByteSource } from "./byte_source.ts";
import { Dicts } from "./dicts.ts";
import { notPlainData, unreadable } from "./faults.ts";
import { Intermediate } from "./intermediate.ts";
import { KeyIndex } from "./key_index.ts";
import { Memo } from "./memo.ts";
import { settle } from "./settle.ts";

/** What the instructions for one opcode do. */
export type Instruction = (machine: Unpickler) => void;

/** Opcodes and what to do for each. */
export type Instructions = readonly (readonly [opcode: number, run: Instruction])[];

/** The pickle machine: a stack, the marks on it, and a memo. */
export class Unpickler {
  readonly source: ByteSource;
  readonly memo: Memo = new Memo();
  readonly keys: KeyIndex = new KeyIndex();
  readonly dicts: Dicts = new Dicts(this.keys);
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];
  #fence = 0;
  #budget: number;
  #mustSettle = false;

  constructor(source: ByteSource) {
    this.source = source;
    this.#budget = source.bytes.length;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    this.#checkDepth();
    return this.#stack.pop();
  }

  top(): unknown {
    this.#checkDepth();
    return this.#stack.at(-1);
  }

  /** What is on top, or `undefined` where there is nothing. */
  peek(): unknown {
    return this.#stack.at(-1);
  }

  replaceTop(value: unknown): void {
    this.#checkDepth();
    this.#stack[this.#stack.length - 1] = value;
  }

  /** Takes `count` values off the stack, the lowest first. */
  popMany(count: number): unknown[] {
    if (this.#stack.length - count < this.#fence) throw underflow();
    return this.#stack.splice(this.#stack.length - count);
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
    this.#fence = this.#stack.length;
  }

  /** Whether nothing stands above the last mark. */
  get atMark(): boolean {
    return this.#marks.length > 0 && this.#stack.length === this.#fence;
  }

  /** Takes the last mark off the stack and returns what stood above it. */
  popMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw unreadable("it uses a mark that it did not set");
    this.#fence = this.#marks.at(-1) ?? 0;
    return this.#stack.splice(mark);
  }

  /** Pushes what the memo holds. */
  recall(index: number): void {
    this.push(this.dicts.share(this.memo.get(index)));
  }

  /**
   * Counts what is copied rather than moved, a list into a set or text into bytes. A pickle can name
   * the same list again and again, and must not thereby take more memory than it is long.
   */
  charge(size: number): void {
    this.#budget -= size;
    if (this.#budget < 0) throw unreadable("it copies more than it holds");
  }

  /** Pushes what must not be part of the value, which is then looked through for it. */
  pushIntermediate(value: Intermediate): void {
    this.#mustSettle = true;
    this.push(value);
  }

  /** Takes off the value that the pickle stands for. */
  finish(): unknown {
    const value = this.pop();
    if (!this.#mustSettle && !this.dicts.mustReplace) return value;
    return settle(value, (part) => {
      if (part instanceof Intermediate) throw notPlainData(part.name);
      return this.dicts.current(part);
    });
  }

  #checkDepth(): void {
    if (this.#stack.length <= this.#fence) throw underflow();
  }
}

function underflow(): Error {
  return unreadable("it takes a value from where there is none");
}
