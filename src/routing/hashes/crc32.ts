/** CRC-32. @module */

const TABLE = makeTable();

/** The CRC-32 of Ethernet and zip, over the bytes. */
export function crc32(bytes: string): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) {
    crc = TABLE[(crc ^ bytes.charCodeAt(i)) & 0xff]! ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

/** What libmemcached calls CRC and twemproxy crc32: 15 bits from the upper half of a CRC-32. */
export function crc32Upper(bytes: string): number {
  return (crc32(bytes) >>> 16) & 0x7fff;
}

function makeTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 && 0xedb88320);
    return crc;
  });
}
