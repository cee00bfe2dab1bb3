/** CRC-16. @module */

const TABLE = makeTable();

/**
 * The CRC-16 of XMODEM in a 32-bit register that twemproxy never cuts to 16 bits: its upper half keeps
 * what was shifted out of the lower one.
 */
export function crc16(bytes: string): number {
  let crc = 0;
  for (let i = 0; i < bytes.length; i++) {
    crc = (crc << 8) ^ TABLE[((crc >>> 8) ^ bytes.charCodeAt(i)) & 0xff]!;
  }
  return crc >>> 0;
}

function makeTable(): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 && 0x1021);
    return crc;
  });
}
