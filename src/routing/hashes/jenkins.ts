/** Bob Jenkins's lookup3. @module */

/** The three words that are mixed. */
const LANES = new Int32Array(3);

/** Hashes bytes with lookup3's `hashlittle`, from libmemcached's and twemproxy's initial value, 13. */
export function jenkins(bytes: string): number {
  const { length } = bytes;
  LANES.fill(0xdeadbeef + length + 13);
  let at = 0;
  for (; length - at > 12; at += 12) {
    addBytes(bytes, at, at + 12);
    mix();
  }
  if (at < length) {
    addBytes(bytes, at, length);
    finish();
  }
  return LANES[2]! >>> 0;
}

/** Adds up to twelve bytes, four to each lane, the first one lowest. */
function addBytes(bytes: string, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const offset = i - from;
    LANES[offset >> 2]! += bytes.charCodeAt(i) << ((offset & 3) * 8);
  }
}

function mix(): void {
  let a = LANES[0]!;
  let b = LANES[1]!;
  let c = LANES[2]!;
  a = (a - c) ^ rotate(c, 4);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 6);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 8);
  b = (b + a) | 0;
  a = (a - c) ^ rotate(c, 16);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 19);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 4);
  b = (b + a) | 0;
  LANES[0] = a;
  LANES[1] = b;
  LANES[2] = c;
}

function finish(): void {
  let a = LANES[0]!;
  let b = LANES[1]!;
  let c = LANES[2]!;
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  LANES[2] = (c ^ b) - rotate(b, 24);
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
