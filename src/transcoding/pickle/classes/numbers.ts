/** Python's exact numbers besides `int`. @module */

import { ValidationException } from "../../../errors.ts";
import { type PythonCall, PythonName, PythonObject } from "../python_types.ts";

const DECIMAL: PythonName = /* @__PURE__ */ new PythonName("decimal", "Decimal");
const FRACTION: PythonName = /* @__PURE__ */ new PythonName("fractions", "Fraction");

// One way only to match each character, so that no input takes more than linear time.
const DECIMAL_TEXT =
  /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:e([+-]?\d+))?$|^[+-]?(?:inf(?:inity)?|s?nan\d*)$/i;

/** Beyond so many digits a key is compared by its digits alone, so that it takes no more than linear time. */
const MAX_KEY_DIGITS = 400;

/** Ratios of longer integers are not reduced: more than those of so many digits have. */
const MAX_RATIO_BITS = 1400;

/**
 * A decimal number, read from and stored as Python's `decimal.Decimal`. It keeps every digit, as text.
 *
 * @example Storing and reading a price
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { Decimal } from "@moecache/moecache/python";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * await client.set("price", new Decimal("19.90")); // Decimal('19.90')
 * assertEquals(String(await client.get("price")), "19.90");
 * ```
 */
export class Decimal extends PythonObject {
  readonly #text: string;

  /**
   * Makes a decimal number.
   *
   * @param text Its digits as Python writes them: `"19.90"`, `"-1E+3"`, `"Infinity"`, `"NaN"`.
   * @throws {ValidationException} When it is invalid.
   */
  constructor(text: string) {
    super();
    if (!Decimal.isDecimal(text)) {
      throw new ValidationException("Cannot make a Decimal: it is not a decimal number", text);
    }
    this.#text = text;
  }

  /**
   * Whether text is a decimal number.
   *
   * @internal
   */
  static isDecimal(text: unknown): text is string {
    return typeof text === "string" && DECIMAL_TEXT.test(text);
  }

  /** The number that is nearest. */
  override valueOf(): number {
    const word = /^([+-]?)(?:inf|s?(nan))/i.exec(this.#text);
    if (word === null) return Number(this.#text);
    return word[2] !== undefined ? NaN : word[1] === "-" ? -Infinity : Infinity;
  }

  /** Its text, as it was read or given. */
  override toString(): string {
    return this.#text;
  }

  /** @internal */
  override toCall(): PythonCall {
    return { callee: DECIMAL, args: [this.#text] };
  }

  /** @internal */
  override toKey(): string | number | bigint | undefined {
    // A number has a fraction behind digits, or one alone.
    const [, sign, whole = "", behind = "", alone = "", power = "0"] =
      DECIMAL_TEXT.exec(this.#text) ?? [];
    const fraction = behind + alone;
    if (sign === undefined) {
      if (/snan/i.test(this.#text)) return undefined;
      return Number.isNaN(this.valueOf()) ? "decimal nan" : this.valueOf();
    }
    const digits = (whole + fraction).replace(/^0+/, "");
    // Each run of zeros is searched once.
    const significant = digits.replace(/(?<!0)0+$/, "");
    if (significant === "") return 0;
    const exponent = Number(power) - fraction.length + digits.length - significant.length;
    if (significant.length + Math.abs(exponent) > MAX_KEY_DIGITS) {
      return `decimal ${sign === "-" ? "-" : ""}${significant}e${exponent}`;
    }
    const numerator = BigInt(`${sign === "-" ? "-" : ""}${significant}`);
    const scale = 10n ** BigInt(Math.abs(exponent));
    return exponent < 0 ? keyOfRatio(numerator, scale) : numerator * scale;
  }
}

/**
 * A ratio of two integers, read from and stored as Python's `fractions.Fraction`.
 *
 * @example Storing and reading a third
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { Fraction } from "@moecache/moecache/python";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 *
 * await client.set("share", new Fraction(1, 3)); // Fraction(1, 3)
 * assertEquals(String(await client.get("share")), "1/3");
 * ```
 */
export class Fraction extends PythonObject {
  /** The integer above the line. */
  readonly numerator: number | bigint;
  /** The integer below the line, 1 or more. */
  readonly denominator: number | bigint;

  /**
   * Makes a ratio. Python reduces it to its lowest terms; here it stays as it is.
   *
   * @param numerator A safe integer, or a bigint.
   * @param denominator The same, 1 or more; 1 by default.
   * @throws {ValidationException} When an argument is invalid.
   */
  constructor(numerator: number | bigint, denominator: number | bigint = 1) {
    super();
    if (!isInteger(numerator) || !isInteger(denominator) || denominator < 1) {
      const why = "it needs two integers, the second 1 or more";
      throw new ValidationException(`Cannot make a Fraction: ${why}`, [numerator, denominator]);
    }
    this.numerator = numerator;
    this.denominator = denominator;
  }

  /** The number that is nearest, while both integers are below 2^1024. */
  override valueOf(): number {
    return Number(this.numerator) / Number(this.denominator);
  }

  /** The integers with a slash between them. */
  override toString(): string {
    return `${this.numerator}/${this.denominator}`;
  }

  /** @internal */
  override toCall(): PythonCall {
    return { callee: FRACTION, args: [this.numerator, this.denominator] };
  }

  /** @internal */
  override toKey(): string | number | bigint {
    return keyOfRatio(BigInt(this.numerator), BigInt(this.denominator));
  }
}

/** Whether something is an integer as pickles are read. */
export function isInteger(value: unknown): value is number | bigint {
  return typeof value === "bigint" || Number.isSafeInteger(value);
}

/** Integers and floats are equal to ratios in Python: the key of such a one is that of the number. */
function keyOfRatio(numerator: bigint, denominator: bigint): string | number | bigint {
  if (denominator === 1n) return numerator;
  // Python has reduced it already, and for long ones that takes more than linear time.
  if (isLong(numerator) || isLong(denominator)) {
    return `ratio ${numerator.toString(16)}/${denominator.toString(16)}`;
  }
  const divisor = greatestDivisor(numerator < 0n ? -numerator : numerator, denominator);
  const [above, below] = [numerator / divisor, denominator / divisor];
  if (below === 1n) return above;
  const isPowerOfTwo = (below & (below - 1n)) === 0n && below <= 2n ** 1000n;
  const number = Number(above);
  if (isPowerOfTwo && Number.isSafeInteger(number)) return number / Number(below);
  return `ratio ${above}/${below}`;
}

function isLong(integer: bigint): boolean {
  return BigInt.asIntN(MAX_RATIO_BITS, integer) !== integer;
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}
