/** Floats as other languages write them. @module */

/** How a language writes floats. */
export interface FloatStyle {
  /** The least place of the point for which there is no exponent, counted from before the first digit. */
  readonly leastPoint: number;
  /** The largest one, for so many digits. */
  mostPoint(digits: number): number;
  /** What stands before the point where nothing else does. */
  readonly zero: "0" | "";
  /** What is written before an exponent where there is one digit only. */
  readonly wholeMantissa: "" | ".0";
  /** What comes between the digits and their exponent's own. */
  readonly exponent: "e" | "E";
  /** Whether an exponent of 0 or more has a plus. */
  readonly hasPlus: boolean;
  /** How many digits an exponent has at least. */
  readonly exponentDigits: number;
  /** How many digits are written at most, where these are enough to tell the number. */
  readonly precision?: number;
  /** The words for Infinity and for what is not a number. */
  readonly words: readonly [infinity: string, nan: string];
}

/** Writes a float. The text always reads as the same number; -0 keeps its sign. */
export function writeFloat(value: number, style: FloatStyle): string {
  if (Number.isNaN(value)) return style.words[1];
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const magnitude = Math.abs(value);
  if (magnitude === Infinity) return sign + style.words[0];
  if (magnitude === 0) return `${sign}0`;
  return sign + writeMagnitude(magnitude, style);
}

function writeMagnitude(value: number, style: FloatStyle): string {
  const [mantissa = "", power = ""] = shortest(value, style.precision).split("e");
  const digits = mantissa.replace(".", "").replace(/0+$/, "");
  const point = Number(power) + 1;
  if (point < style.leastPoint || point > style.mostPoint(digits.length)) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : style.wholeMantissa;
    return `${digits[0]}${fraction}${style.exponent}${writeExponent(point - 1, style)}`;
  }
  if (point <= 0) return `${style.zero}.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return digits + "0".repeat(point - digits.length);
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** The digits that tell the number: as many as the language writes if these do, and else as few as do. */
function shortest(value: number, precision?: number): string {
  if (precision !== undefined) {
    const rounded = value.toExponential(precision - 1);
    if (Number(rounded) === value) return rounded;
  }
  return value.toExponential();
}

function writeExponent(exponent: number, { hasPlus, exponentDigits }: FloatStyle): string {
  const sign = exponent < 0 ? "-" : hasPlus ? "+" : "";
  return sign + String(Math.abs(exponent)).padStart(exponentDigits, "0");
}
