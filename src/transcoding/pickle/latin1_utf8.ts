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

/** What a byte of UTF-8 is. CONTINUES is LEADS, one bit up: it has to come after that, and only then. */
const ENDS = 0x01;
const LEADS = 0x02;
const CONTINUES = 0x04;
const ADDS_40 = 0x40;
const UNKNOWN = 0x100;

const KINDS: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x80) return ENDS;
  if (byte < 0xc0) return ENDS | CONTINUES;
  if (byte === 0xc2) return LEADS;
  return byte === 0xc3 ? LEADS | ADDS_40 : LEADS | UNKNOWN;
});

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
  let previous = 0;
  let faults = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i]!;
    const kind = KINDS[byte]!;
    // After C2 a continuation is the byte itself. A lead is overwritten by what follows it.
    bytes[length] = byte | previous & ADDS_40;
    length += kind & ENDS;
    faults |= previous << 1 ^ kind;
    previous = kind;
  }
  const isLatin1 = (faults & (CONTINUES | UNKNOWN)) === 0 && (previous & LEADS) === 0;
  return isLatin1 ? bytes.slice(0, length) : undefined;
}
