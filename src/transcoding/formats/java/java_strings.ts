/** Java's modified UTF-8: a NUL takes two bytes, and a character beyond U+FFFF the three of each surrogate. @module */

import { decodeUtf8 } from "../../text.ts";

const CHUNK = 4096;

/** Decodes modified UTF-8; `undefined` when the bytes are something else. */
export function decodeJava(bytes: Uint8Array): string | undefined {
  try {
    return decodeUtf8(bytes);
  } catch {
    return decodeUnits(bytes);
  }
}

function decodeUnits(bytes: Uint8Array): string | undefined {
  const pieces: string[] = [];
  let units: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at++] ?? 0;
    const size = first < 0x80 ? 0 : first >> 5 === 0b110 ? 1 : first >> 4 === 0b1110 ? 2 : -1;
    let unit = size === 0 ? first : first & (size === 1 ? 0x1f : 0xf);
    if (size < 0) return undefined;
    for (let more = 0; more < size; more++) {
      const byte = bytes[at++];
      if (byte === undefined || byte >> 6 !== 0b10) return undefined;
      unit = unit << 6 | byte & 0x3f;
    }
    units.push(unit);
    if (units.length < CHUNK) continue;
    pieces.push(String.fromCharCode(...units));
    units = [];
  }
  return pieces.join("") + String.fromCharCode(...units);
}

/** Encodes a string in modified UTF-8. */
export function encodeJava(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 0 && unit < 0x80) bytes[length++] = unit;
    else if (unit < 0x800) {
      bytes[length++] = 0xc0 | unit >> 6;
      bytes[length++] = 0x80 | unit & 0x3f;
    } else {
      bytes[length++] = 0xe0 | unit >> 12;
      bytes[length++] = 0x80 | unit >> 6 & 0x3f;
      bytes[length++] = 0x80 | unit & 0x3f;
    }
  }
  return bytes.subarray(0, length);
}
