/** Text as bytes, for hashing. @module */

const encoder = new TextEncoder();

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
  for (const byte of encoder.encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

/** A byte as C's `char` on the usual machines, which is signed: what C programs hash by mistake. */
export function signedByte(bytes: string, at: number): number {
  return bytes.charCodeAt(at) << 24 >> 24;
}
