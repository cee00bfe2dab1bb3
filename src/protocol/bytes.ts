/** Reads the words and numbers of a reply line. @module */

const SPACE = 0x20;
const ZERO = 0x30;

/** Whether `bytes[start…end)` begins with this ASCII text. */
export function startsWith(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  const { length } = text;
  if (end - start < length) return false;
  for (let i = 0; i < length; i++) {
    if (bytes[start + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Whether `bytes[start…end)` equals this ASCII text. */
export function isText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  return end - start === text.length && startsWith(bytes, start, end, text);
}

/** The end of the word that begins at `start`: the next space, or `end`. */
export function endOfWord(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== SPACE) at++;
  return at;
}

/** Reads `bytes[start…end)` as a decimal number; -1 when it is not a number, or not a safe integer. */
export function readInteger(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end || end - start > 15) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/**
 * Reads client flags: an unsigned 32-bit number, or a signed one from memcached up to 1.4.26.
 *
 * @returns `undefined` for anything else. memcached 1.6.22 can be built with flags of 64 bits.
 */
export function readFlags(text: string): number | undefined {
  const flags = /^-?\d{1,10}$/.test(text) ? Number(text) : NaN;
  return flags >= -0x80000000 && flags <= 0xffffffff ? flags >>> 0 : undefined;
}

const decoder = /* @__PURE__ */ new TextDecoder();

/** Decodes `bytes[start…end)` for messages. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}
