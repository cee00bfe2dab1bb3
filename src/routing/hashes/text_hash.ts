/** What all hashes of keys and labels have in common. @module */

/** Hashes a text to an unsigned 32-bit integer. */
export type TextHash = (text: string) => number;

/** A hash function that can be named in an explanation. */
export interface NamedHash {
  readonly hash: TextHash;
  /** What it is, in words. */
  readonly text: string;
}

/**
 * The UTF-8 bytes of a text, a character each. Keys and most labels are ASCII, and are that already: so
 * no hash needs an array of bytes per key.
 */
export function byteString(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return bytesOf(text);
  }
  return text;
}

function bytesOf(text: string): string {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

/** A byte as C's `char` on the usual machines, which is signed: what C programs hash by mistake. */
export function signedByte(bytes: string, at: number): number {
  return bytes.charCodeAt(at) << 24 >> 24;
}

/** The same four bytes in the opposite order, as an unsigned 32-bit integer. */
export function swapBytes(word: number): number {
  const swapped = (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
  return swapped >>> 0;
}
