/**
 * Pickles of protocols 0 and 1, which some clients write by default. They are made of pickles of protocol 2: each
 * opcode is replaced by those that mean the same in the older protocol.
 *
 * @module
 */

import { decodeUtf8 } from "../text.ts";
import { ByteSource } from "../pickle/byte_source.ts";
import { integerFromBytes } from "../pickle/numbers.ts";
import * as opcode from "../pickle/opcodes.ts";
import { floatText } from "./python_numbers.ts";

/** What UNICODE escapes besides what is above U+00FF, which it could not have in a line. */
// deno-lint-ignore no-control-regex
const ESCAPED = /[\\\0\n\r\x1a]|[\u{100}-\u{10ffff}]/gu;

/** Where values begin that are on the stack. */
interface Mark {
  /** The piece with the mark. */
  readonly piece: number;
  /** How high the stack was. */
  readonly height: number;
}

/**
 * Says a pickle of protocol 2 in the opcodes of protocol 0 or 1, as CPython does. One with an opcode that these
 * have nothing for is left as it is: what reads the one protocol reads the other.
 */
export function inOldProtocol(pickle: Uint8Array, protocol: 0 | 1): Uint8Array {
  const source = new ByteSource(pickle, false);
  const translator = new Translator(source, protocol);
  for (let code = source.uint8(); code !== opcode.STOP; code = source.uint8()) {
    if (!translator.translate(code)) return pickle;
  }
  return translator.finish();
}

class Translator {
  readonly #source: ByteSource;
  readonly #isText: boolean;
  /** What has been written, a piece for each opcode; latin-1 where it is text. */
  readonly #pieces: (Uint8Array | string)[] = [];
  /** What comes before each piece: marks, and ends of items, that are known of only later. */
  readonly #prefixes: string[] = [];
  /** The pieces that the values on the stack begin with. */
  readonly #stack: number[] = [];
  readonly #marks: Mark[] = [];

  constructor(source: ByteSource, protocol: 0 | 1) {
    this.#source = source;
    this.#isText = protocol === 0;
  }

  /** Writes what stands for an opcode and its argument; `false` when there is nothing for it. */
  translate(code: number): boolean {
    return this.#scalar(code) || this.#container(code) || this.#other(code);
  }

  finish(): Uint8Array {
    this.#emit(".");
    const parts: Uint8Array[] = [];
    this.#pieces.forEach((piece, index) => {
      parts.push(
        latin1(this.#prefixes[index] ?? ""),
        typeof piece === "string" ? latin1(piece) : piece,
      );
    });
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #scalar(code: number): boolean {
    const source = this.#source;
    const start = source.offset - 1;
    switch (code) {
      case opcode.NONE:
        return this.#push("N");
      case opcode.NEWTRUE:
      case opcode.NEWFALSE:
        return this.#push(code === opcode.NEWTRUE ? "I01\n" : "I00\n");
      case opcode.BININT1:
        return this.#push(this.#either(start, `I${source.uint8()}\n`));
      case opcode.BININT2:
        return this.#push(this.#either(start, `I${source.uint16()}\n`));
      case opcode.BININT:
        return this.#push(this.#either(start, `I${source.int32()}\n`));
      case opcode.LONG1:
        return this.#push(`L${integerFromBytes(source.take(source.uint8()))}L\n`);
      case opcode.LONG4:
        return this.#push(`L${integerFromBytes(source.take(source.int32()))}L\n`);
      case opcode.BINFLOAT:
        return this.#push(this.#either(start, `F${floatText(source.float64())}\n`));
      case opcode.BINUNICODE: {
        const text = source.take(source.uint32());
        return this.#push(this.#isText ? `V${escaped(decodeUtf8(text))}\n` : this.#since(start));
      }
      case opcode.GLOBAL:
        source.line();
        source.line();
        return this.#push(this.#since(start));
    }
    return false;
  }

  #container(code: number): boolean {
    switch (code) {
      case opcode.EMPTY_LIST:
        return this.#push(this.#isText ? "(l" : "]");
      case opcode.EMPTY_DICT:
        return this.#push(this.#isText ? "(d" : "}");
      case opcode.EMPTY_TUPLE:
        return this.#push(this.#isText ? "(t" : ")");
      case opcode.TUPLE1:
      case opcode.TUPLE2:
      case opcode.TUPLE3:
        return this.#smallTuple(code - opcode.TUPLE1 + 1);
      case opcode.TUPLE:
        return this.#tuple();
      case opcode.APPEND:
        return this.#add("a", 1);
      case opcode.SETITEM:
        return this.#add("s", 2);
      case opcode.APPENDS:
        return this.#addMany("e", "a", 1);
      case opcode.SETITEMS:
        return this.#addMany("u", "s", 2);
    }
    return false;
  }

  #other(code: number): boolean {
    const source = this.#source;
    switch (code) {
      case opcode.PROTO:
        source.advance(1);
        return true;
      case opcode.MARK:
        this.#marks.push({ piece: this.#emit("("), height: this.#stack.length });
        return true;
      case opcode.BINPUT:
        return this.#memo("p", source.uint8());
      case opcode.LONG_BINPUT:
        return this.#memo("p", source.uint32());
      case opcode.BINGET:
        return this.#recall(source.uint8());
      case opcode.LONG_BINGET:
        return this.#recall(source.uint32());
      case opcode.REDUCE:
      case opcode.BUILD:
        this.#stack.pop();
        this.#emit(String.fromCharCode(code));
        return true;
      case opcode.POP:
        this.#stack.pop();
        this.#emit("0");
        return true;
      case opcode.POP_MARK:
        return this.#popMark();
    }
    return false;
  }

  /** Tuples of up to three items have no mark in protocol 2. */
  #smallTuple(length: number): boolean {
    const [start = 0] = this.#stack.splice(this.#stack.length - length);
    this.#prefix(start, "(");
    this.#emit("t");
    this.#stack.push(start);
    return true;
  }

  #tuple(): boolean {
    const mark = this.#closeMark();
    this.#emit("t");
    this.#stack.push(mark.piece);
    return true;
  }

  #add(code: string, count: number): boolean {
    this.#stack.length -= count;
    this.#emit(code);
    return true;
  }

  /** Adds all above a mark at once, or in protocol 0, which has no such opcodes, one after the other. */
  #addMany(many: string, one: string, count: number): boolean {
    const { height } = this.#marks.at(-1) ?? { height: 0 };
    const starts = this.#stack.slice(height);
    const { piece } = this.#closeMark();
    this.#emit(this.#isText ? (starts.length > 0 ? one : "") : many);
    if (!this.#isText) return true;
    this.#pieces[piece] = "";
    for (let i = count; i < starts.length; i += count) this.#prefix(starts[i] ?? 0, one);
    return true;
  }

  #popMark(): boolean {
    const values = this.#stack.length - (this.#marks.at(-1)?.height ?? 0);
    this.#closeMark();
    this.#emit(this.#isText ? "0".repeat(values + 1) : "1");
    return true;
  }

  #closeMark(): Mark {
    const mark = this.#marks.pop() ?? { piece: 0, height: 0 };
    this.#stack.length = mark.height;
    return mark;
  }

  #recall(index: number): boolean {
    this.#stack.push(this.#pieces.length);
    return this.#memo("g", index);
  }

  #memo(code: "p" | "g", index: number): boolean {
    if (this.#isText) this.#emit(`${code}${index}\n`);
    else {
      const isShort = index <= 0xff;
      const [short, long] = code === "p" ? "qr" : "hj";
      const bytes = isShort ? [index] : [0, 8, 16, 24].map((shift) => index >>> shift & 0xff);
      this.#emit((isShort ? short : long) + String.fromCharCode(...bytes));
    }
    return true;
  }

  #push(piece: Uint8Array | string): boolean {
    this.#stack.push(this.#emit(piece));
    return true;
  }

  #emit(piece: Uint8Array | string): number {
    return this.#pieces.push(piece) - 1;
  }

  #prefix(piece: number, text: string): void {
    this.#prefixes[piece] = text + (this.#prefixes[piece] ?? "");
  }

  /** Text in protocol 0, and what is there already in protocol 1. */
  #either(start: number, text: string): Uint8Array | string {
    return this.#isText ? text : this.#since(start);
  }

  #since(start: number): Uint8Array {
    return this.#source.bytes.subarray(start, this.#source.offset);
  }
}

function escaped(text: string): string {
  return text.replace(ESCAPED, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
