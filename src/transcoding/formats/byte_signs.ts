/** What bytes look like: the marks that formats begin and end with. @module */

import { decodeUtf8 } from "../text.ts";

/** No sign is further away from the beginning. */
const HEAD_SIZE = 64;
/** No integer that a client writes is longer. */
const MAX_DIGITS = 4400;

const INTEGER = /^-?\d+ *$/;
const FLOAT = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$|^-?Infinity$|^-?inf$|^nan$|^NaN$/i;
const PHP = /^(?:N;|b:[01];|i:-?\d+;|d:[^;]+;|s:\d+:"|a:\d+:\{|[OCE]:\d+:")/;
/** What a pickle of protocol 0 or 1 begins with, as far as clients write one. */
const OLD_PICKLE = /^[\](}INLFGKMJVXUc]/;

/** The bytes of an item, looked at for one sign after the other. */
export class ByteSigns {
  readonly bytes: Uint8Array;
  #text: string | undefined;
  #isText: boolean | undefined;
  #isJson: boolean | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get length(): number {
    return this.bytes.byteLength;
  }

  /** Whether they are UTF-8. */
  get isText(): boolean {
    if (this.#isText === undefined) {
      try {
        this.#text = decodeUtf8(this.bytes);
        this.#isText = true;
      } catch {
        this.#isText = false;
      }
    }
    return this.#isText;
  }

  get isAscii(): boolean {
    return this.bytes.every((byte) => byte < 0x80);
  }

  /** Whether they are what a program does not write into text. */
  get hasControls(): boolean {
    return this.#head.includes("\0");
  }

  get isInteger(): boolean {
    return this.length <= MAX_DIGITS && INTEGER.test(this.#latin1(MAX_DIGITS));
  }

  get isNumber(): boolean {
    return this.length <= HEAD_SIZE && FLOAT.test(this.#head);
  }

  /** Whether they are a number without a zero before its point. */
  get hasBarePoint(): boolean {
    return /^-?\.\d/.test(this.#head);
  }

  /** Whether they are `1`, or what a client writes for false. */
  isBoolean(no: "0" | ""): boolean {
    return this.length <= 1 && ["1", no].includes(this.#head);
  }

  /** Whether they are JSON as a language writes it that has `NaN` and `Infinity`. */
  get isJson(): boolean {
    if (this.#isJson === undefined) {
      this.#isJson = this.isText && isJson(this.#text ?? "");
    }
    return this.#isJson;
  }

  /** The protocol of the pickle that they are; 0 also means 1. */
  get pickleProtocol(): number | undefined {
    const [first = 0, protocol = 0] = this.bytes;
    if (this.bytes[this.length - 1] !== 0x2e) return undefined;
    if (first === 0x80) return protocol >= 2 && protocol <= 5 ? protocol : undefined;
    return OLD_PICKLE.test(this.#head) ? 0 : undefined;
  }

  /** Ruby's Marshal, version 4.8. */
  get isMarshal(): boolean {
    return this.#begins(4, 8);
  }

  get isPhp(): boolean {
    return PHP.test(this.#head);
  }

  get isIgbinary(): boolean {
    return this.#begins(0, 0, 0) && (this.bytes[3] === 1 || this.bytes[3] === 2);
  }

  /** Java's serialization, version 5. */
  get isJava(): boolean {
    return this.#begins(0xac, 0xed, 0, 5);
  }

  /** Perl's Storable in network order, version 2. */
  get isStorable(): boolean {
    return this.#begins(5) && (this.bytes[1] ?? 0xff) < 0x20;
  }

  get isBson(): boolean {
    const [a = 0, b = 0, c = 0, d = 0] = this.bytes;
    return this.length >= 5 && (a | b << 8 | c << 16 | d << 24) === this.length &&
      this.bytes[this.length - 1] === 0;
  }

  /** .NET's `BinaryFormatter`. */
  get isBinaryFormatter(): boolean {
    return this.#begins(0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff);
  }

  get isZlib(): boolean {
    const [method = 0, flags = 0] = this.bytes;
    return (method & 0x0f) === 8 && (method << 8 | flags) % 31 === 0 && this.length > 2;
  }

  get isGzip(): boolean {
    return this.#begins(0x1f, 0x8b, 8);
  }

  get isZstd(): boolean {
    return this.#begins(0x28, 0xb5, 0x2f, 0xfd);
  }

  /** The signs of what follows some bytes. */
  from(offset: number): ByteSigns {
    return new ByteSigns(this.bytes.subarray(offset));
  }

  #begins(...bytes: number[]): boolean {
    return bytes.every((byte, at) => this.bytes[at] === byte);
  }

  get #head(): string {
    return this.#latin1(HEAD_SIZE);
  }

  #latin1(length: number): string {
    return String.fromCharCode(...this.bytes.subarray(0, length));
  }
}

function isJson(text: string): boolean {
  const plain = /NaN|Infinity/.test(text) ? text.replace(/-?\b(?:NaN|Infinity)\b/g, "0") : text;
  try {
    JSON.parse(plain);
    return true;
  } catch {
    return false;
  }
}
