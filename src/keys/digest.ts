/** Digests as clients write them into keys. @module */

import { md5 } from "../routing/hashes/md5.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/** The MD5 of a text's UTF-8 in hexadecimal digits. */
export function md5Hex(text: string): string {
  const words = new Uint32Array(4);
  md5(text, words);
  const view = new DataView(new ArrayBuffer(16));
  words.forEach((word, i) => view.setUint32(i * 4, word, true));
  return hexOf(view);
}

/** The UTF-8 of a text, a character for each byte. */
export function utf8Bytes(text: string): string {
  return Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join("");
}

function hexOf(view: DataView): string {
  return Array.from(
    new Uint8Array(view.buffer),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
}
