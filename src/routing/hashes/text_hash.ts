/** The common parts of all hashes of keys and labels. @module */

/** Hashes a text to an unsigned 32-bit integer. */
export type TextHash = (text: string) => number;

/** A hash function with a description for explanations. */
export interface NamedHash {
  readonly hash: TextHash;
  /** Its description. */
  readonly text: string;
}

/**
 * The UTF-8 bytes of a text as a string, one character for each byte. Keys and most labels are ASCII, and are returned
 * unchanged. So no hash needs an array of bytes for each key.
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

/** A byte as a signed `char` of C. C programs that hash `char` hash signed bytes by mistake. */
export function signedByte(bytes: string, at: number): number {
  return bytes.charCodeAt(at) << 24 >> 24;
}

/** The same four bytes in the opposite order, as an unsigned 32-bit integer. */
export function swapBytes(word: number): number {
  const swapped = (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
  return swapped >>> 0;
}
