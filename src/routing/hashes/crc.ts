/** Cyclic redundancy checks. @module */

import { byteString, type NamedHash } from "./text_hash.ts";

const CRC32_TABLE = /* @__PURE__ */ makeTable32();
const CRC16_TABLE = /* @__PURE__ */ makeTable16();

/** The CRC-32 of Ethernet and zip. */
export const CRC32: NamedHash = { hash: crc32, text: "CRC-32" };

/** libmemcached's and python-memcached's CRC, twemproxy's crc32: 15 bits from the upper half of a CRC-32. */
export const CRC32_UPPER: NamedHash = {
  hash: (text) => (crc32(text) >>> 16) & 0x7fff,
  text: "CRC-32, its bits 16 to 30",
};

/**
 * The CRC-16 of XMODEM in a 32-bit register, as in twemproxy, which never truncates it to 16 bits: the upper half keeps
 * the bits that were shifted out of the lower half.
 */
export const CRC16: NamedHash = { hash: crc16, text: "CRC-16 in a 32-bit register" };

function crc32(text: string): number {
  const bytes = byteString(text);
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) {
    crc = CRC32_TABLE[(crc ^ bytes.charCodeAt(i)) & 0xff]! ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

function crc16(text: string): number {
  const bytes = byteString(text);
  let crc = 0;
  for (let i = 0; i < bytes.length; i++) {
    crc = (crc << 8) ^ CRC16_TABLE[((crc >>> 8) ^ bytes.charCodeAt(i)) & 0xff]!;
  }
  return crc >>> 0;
}

function makeTable32(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 && 0xedb88320);
    return crc;
  });
}

function makeTable16(): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 && 0x1021);
    return crc;
  });
}
