/**
 * Latin-1 in UTF-8: the guise in which protocol 2 holds bytes. Each byte from 0x80 on is two bytes
 * there, C2 or C3 and a continuation. Both loops are free of branches, which bytes without a pattern
 * would make the processor guess wrong half of the time.
 *
 * @module
 */

/** A byte's one or two bytes of UTF-8, as a little-endian number. */
const ENCODED: Uint16Array = Uint16Array.from(
  { length: 256 },
  (_, byte) => byte < 0x80 ? byte : 0xc0 | byte >> 6 | (0x80 | byte & 0x3f) << 8,
);

/** Length of `bytes` once they are encoded. */
export function encodedLength(bytes: Uint8Array): number {
  let length = bytes.length;
  for (let i = 0; i < bytes.length; i++) length += bytes[i]! >> 7;
  return length;
}

/** Writes `bytes` at an offset after which there is room for all of them and one byte more. */
export function encodeInto(bytes: Uint8Array, target: DataView, offset: number): void {
  let at = offset;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    target.setUint16(at, ENCODED[byte]!, true);
    at += 1 + (byte >> 7);
  }
}

/** The bytes that `text` encodes, or `undefined` when it encodes anything else. */
export function decode(text: Uint8Array): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let high = 0;
  let lead = 0;
  let fault = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i]!;
    const continuation = byte >> 7 & ~byte >> 6;
    fault |= lead ^ continuation;
    lead = byte >> 7 & byte >> 6;
    fault |= -lead & (byte ^ 0xc2) & 0xfe;
    // A continuation of C2 is the byte itself; of C3, the byte 0x40 above it.
    bytes[length] = byte | high;
    high = (lead & byte) << 6;
    length += 1 - lead;
  }
  return fault | lead ? undefined : bytes.slice(0, length);
}
