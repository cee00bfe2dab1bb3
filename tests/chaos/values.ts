/** Values that say whose they are. @module */

/** Keys that begin so have values that fill the sockets' buffers, so that writes have to wait. */
export const LARGE: string = "large:";
const LARGE_REPETITIONS = 25_000;

const PADDINGS = ["lorem ipsum ", "žluťoučký kůň ", "🐦 ", "0 274 5 END STORED VALUE "];

/**
 * The value that a key has at a version: text or, for every fifth version, a pickle, of very
 * different lengths. Its CRLF stands at the very beginning of the padding, where no garbage
 * can shift it to where the value should end.
 */
export function valueOf(key: string, version: number): unknown {
  const head = `${key}#${version}#`;
  const mixed = Math.imul(version, 0x9e3779b1) >>> 0;
  const count = key.startsWith(LARGE) ? LARGE_REPETITIONS : repetitions(mixed >>> 8);
  const padding = PADDINGS[mixed % PADDINGS.length]!.repeat(count);
  return version % 5 === 0 ? [head, padding] : `${head}\r\n${padding}`;
}

function repetitions(mixed: number): number {
  const size = mixed % 1000;
  if (size < 700) return 2 + mixed % 8;
  if (size < 950) return mixed % 100;
  return size < 997 ? mixed % 1000 : 10_000;
}

/** The version of a key that a value is; `undefined` when it is not, byte for byte, one of them. */
export function versionOf(key: string, value: unknown): number | undefined {
  const text = Array.isArray(value) ? value[0] : value;
  const version = Number(/#(\d+)#/.exec(String(text).slice(0, 400))?.[1]);
  if (Number.isNaN(version)) return undefined;
  const expected = valueOf(key, version);
  return isSame(value, expected) ? version : undefined;
}

function isSame(value: unknown, expected: unknown): boolean {
  if (!Array.isArray(expected)) return value === expected;
  return Array.isArray(value) && value.length === expected.length &&
    expected.every((item, i) => item === value[i]);
}
