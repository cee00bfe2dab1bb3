/** Tiger, for keys only. @module */

/** The S-boxes are made of this text: they are not part of the sources, which they would double. */
const SEED = "Tiger - A Fast New Hash Function, by Ross Anderson and Eli Biham";
const SEED_PASSES = 5;
const PASSES = 3;
const BLOCK_BYTES = 64;
/** Four S-boxes of 256 64-bit words. Each word is two of 32 bits, the lower half first. */
const BOX_WORDS = 4 * 256 * 2;

interface Tiger {
  readonly boxes: Uint32Array;
  readonly boxBytes: Uint8Array;
  /** The words a, b and c. */
  readonly state: Uint32Array;
  readonly stateBytes: Uint8Array;
  /** The eight words of a block. */
  readonly block: Uint32Array;
}

let made: Tiger | undefined;

/**
 * The Tiger hash with three passes, as in its publication of 1996.
 *
 * @param bytes The bytes to hash, one character for each.
 * @returns The 24 bytes of the digest.
 */
export function tiger(bytes: string): Uint8Array {
  const machine = made ??= makeTiger();
  start(machine);
  const padded = pad(bytes);
  for (let at = 0; at < padded.byteLength; at += BLOCK_BYTES) {
    for (let i = 0; i < 16; i++) machine.block[i] = padded.getUint32(at + 4 * i, true);
    addBlock(machine);
  }
  const digest = new DataView(new ArrayBuffer(24));
  machine.state.forEach((word, i) => digest.setUint32(4 * i, word, true));
  return new Uint8Array(digest.buffer);
}

function pad(bytes: string): DataView {
  const { length } = bytes;
  const view = new DataView(new ArrayBuffer(Math.ceil((length + 9) / BLOCK_BYTES) * BLOCK_BYTES));
  for (let i = 0; i < length; i++) view.setUint8(i, bytes.charCodeAt(i));
  view.setUint8(length, 1);
  view.setBigUint64(view.byteLength - 8, BigInt(length) * 8n, true);
  return view;
}

/** Makes the S-boxes, by Tiger itself with the S-boxes as they are so far: it takes about ten milliseconds. */
function makeTiger(): Tiger {
  const boxes = new Uint32Array(BOX_WORDS);
  const state = new Uint32Array(6);
  const boxBytes = new Uint8Array(BOX_WORDS * 4);
  const machine = {
    boxes,
    boxBytes,
    state,
    stateBytes: new Uint8Array(24),
    block: new Uint32Array(16),
  };
  for (let i = 0; i < boxBytes.length; i++) boxBytes[i] = (i >> 3) & 255;
  for (let i = 0; i < BOX_WORDS; i++) loadWord(machine, i);
  const seed = pad(SEED);
  for (let i = 0; i < 16; i++) machine.block[i] = seed.getUint32(4 * i, true);
  start(machine);
  let word = 2;
  for (let pass = 0; pass < SEED_PASSES; pass++) {
    for (let row = 0; row < 256; row++) {
      for (let box = 0; box < 1024; box += 256) {
        word = (word + 1) % 3;
        if (word === 0) addBlock(machine);
        swapBytesOf(machine, box, row, word);
      }
    }
  }
  return machine;
}

/** Swaps each byte of a word of an S-box with that of another word, which the state chooses. */
function swapBytesOf(machine: Tiger, box: number, row: number, word: number): void {
  const { boxBytes, state } = machine;
  for (let column = 0; column < 8; column++) {
    const chosen = (state[2 * word + (column >> 2)]! >>> (8 * (column & 3))) & 255;
    const here = (box + row) * 8 + column;
    const there = (box + chosen) * 8 + column;
    const byte = boxBytes[here]!;
    boxBytes[here] = boxBytes[there]!;
    boxBytes[there] = byte;
    loadWord(machine, here >> 2);
    loadWord(machine, there >> 2);
  }
}

/** Makes a 32-bit word of four bytes, whatever the byte order of the machine. */
function loadWord({ boxes, boxBytes }: Tiger, at: number): void {
  const from = at * 4;
  boxes[at] = boxBytes[from]! | boxBytes[from + 1]! << 8 | boxBytes[from + 2]! << 16 |
    boxBytes[from + 3]! << 24;
}

function start({ state }: Tiger): void {
  state.set([0x89abcdef, 0x01234567, 0x76543210, 0xfedcba98, 0xc3b2e187, 0xf096a5b4]);
}

function addBlock(machine: Tiger): void {
  const { state, block } = machine;
  const before = state.slice();
  const words = block.slice();
  // The names of the three words rotate with each round.
  let [a, b, c] = [0, 2, 4];
  for (let pass = 0; pass < PASSES; pass++) {
    if (pass > 0) schedule(words);
    const factor = [5, 7, 9][pass]!;
    for (let i = 0; i < 8; i++) {
      round(machine, [a, b, c], words[2 * i]!, words[2 * i + 1]!, factor);
      [a, b, c] = [b, c, a];
    }
  }
  xor(state, 0, before[0]!, before[1]!);
  subtract(state, 2, before[2]!, before[3]!);
  add(state, 4, before[4]!, before[5]!);
}

type Places = readonly [a: number, b: number, c: number];

/** One round: `c ^= x`, `a -= even boxes of c`, `b = (b + odd boxes of c) * factor`. */
function round(machine: Tiger, [a, b, c]: Places, low: number, high: number, factor: number): void {
  const { state } = machine;
  xor(state, c, low, high);
  const cLow = state[c]!;
  const cHigh = state[c + 1]!;
  const [evenLow, evenHigh] = lookUp(machine, [cLow, cLow >>> 16, cHigh, cHigh >>> 16]);
  subtract(state, a, evenLow, evenHigh);
  const [oddLow, oddHigh] = lookUp(machine, [cHigh >>> 24, cHigh >>> 8, cLow >>> 24, cLow >>> 8]);
  add(state, b, oddLow, oddHigh);
  multiply(state, b, factor);
}

/** The exclusive or of a word of each S-box, lower half first. */
function lookUp({ boxes }: Tiger, bytes: readonly number[]): [low: number, high: number] {
  let low = 0;
  let high = 0;
  for (let box = 0; box < 4; box++) {
    const at = (box * 256 + (bytes[box]! & 255)) * 2;
    low ^= boxes[at]!;
    high ^= boxes[at + 1]!;
  }
  return [low >>> 0, high >>> 0];
}

/** Changes the words between passes, so that each bit of a block changes many bits of the later rounds. */
function schedule(x: Uint32Array): void {
  subtract(x, 0, (x[14]! ^ 0xa5a5a5a5) >>> 0, (x[15]! ^ 0xa5a5a5a5) >>> 0);
  xor(x, 2, x[0]!, x[1]!);
  add(x, 4, x[2]!, x[3]!);
  subtract(x, 6, ...mixedLeft(x, 4, 2));
  xor(x, 8, x[6]!, x[7]!);
  add(x, 10, x[8]!, x[9]!);
  subtract(x, 12, ...mixedRight(x, 10, 8));
  xor(x, 14, x[12]!, x[13]!);
  add(x, 0, x[14]!, x[15]!);
  subtract(x, 2, ...mixedLeft(x, 0, 14));
  xor(x, 4, x[2]!, x[3]!);
  add(x, 6, x[4]!, x[5]!);
  subtract(x, 8, ...mixedRight(x, 6, 4));
  xor(x, 10, x[8]!, x[9]!);
  add(x, 12, x[10]!, x[11]!);
  subtract(x, 14, (x[12]! ^ 0x89abcdef) >>> 0, (x[13]! ^ 0x01234567) >>> 0);
}

/** `x[at] ^ (~x[shifted] << 19)`. */
function mixedLeft(x: Uint32Array, at: number, shifted: number): [low: number, high: number] {
  const [low, high] = [~x[shifted]!, ~x[shifted + 1]!];
  return [(x[at]! ^ low << 19) >>> 0, (x[at + 1]! ^ (high << 19 | low >>> 13)) >>> 0];
}

/** `x[at] ^ (~x[shifted] >>> 23)`. */
function mixedRight(x: Uint32Array, at: number, shifted: number): [low: number, high: number] {
  const [low, high] = [~x[shifted]!, ~x[shifted + 1]!];
  return [(x[at]! ^ (low >>> 23 | high << 9)) >>> 0, (x[at + 1]! ^ high >>> 23) >>> 0];
}

function xor(words: Uint32Array, at: number, low: number, high: number): void {
  words[at]! ^= low;
  words[at + 1]! ^= high;
}

function add(words: Uint32Array, at: number, low: number, high: number): void {
  const sum = words[at]! + low;
  words[at] = sum;
  words[at + 1]! += high + (sum > 0xffffffff ? 1 : 0);
}

function subtract(words: Uint32Array, at: number, low: number, high: number): void {
  const difference = words[at]! - low;
  words[at] = difference;
  words[at + 1]! -= high + (difference < 0 ? 1 : 0);
}

function multiply(words: Uint32Array, at: number, factor: number): void {
  const product = words[at]! * factor;
  words[at] = product;
  words[at + 1] = words[at + 1]! * factor + Math.floor(product / 2 ** 32);
}
