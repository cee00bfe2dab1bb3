/** Digests as clients write them into keys. @module */

import { md5 } from "../routing/hashes/md5.ts";
import { sha1, sha1OfBytes } from "../routing/hashes/sha1.ts";
import { byteString } from "../routing/hashes/text_hash.ts";
import { sha256 } from "./sha256.ts";

/** The MD5 of a text's UTF-8 in hexadecimal digits. */
export function md5Hex(text: string): string {
  const words = new Uint32Array(4);
  md5(text, words);
  return hexOf(wordBytes(words, true));
}

/** The SHA-1 of a text's UTF-8 in hexadecimal digits. */
export function sha1Hex(text: string): string {
  const words = new Uint32Array(5);
  sha1(text, words);
  return hexOf(wordBytes(words, false));
}

/** The SHA-256 of a text's UTF-8 in hexadecimal digits. */
export function sha256Hex(text: string): string {
  return hexOf(wordBytes(sha256(byteString(text)), false));
}

/** The SHA-1 of bytes, one character for each. */
export function sha1Digest(bytes: string): Uint8Array {
  const words = new Uint32Array(5);
  sha1OfBytes(bytes, words);
  return wordBytes(words, false);
}

/** The bytes of a text in UTF-16, low byte first: one character for each. */
export function utf16Bytes(text: string): string {
  let bytes = "";
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes += String.fromCharCode(unit & 255, unit >> 8);
  }
  return bytes;
}

/** The text of UTF-8, given as one character for each byte; `undefined` if it is not UTF-8. */
export function textOfUtf8(bytes: string): string | undefined {
  const text = new TextDecoder("utf-8", { ignoreBOM: true })
    .decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
  return byteString(text) === bytes ? text : undefined;
}

function wordBytes(words: Uint32Array, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, i) => view.setUint32(i * 4, word, littleEndian));
  return new Uint8Array(view.buffer);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
