/** Pickles with a few bytes changed. @module */

import { ClientException } from "../../../src/errors.ts";
import * as opcode from "../../../src/transcoding/pickle/opcodes.ts";
import { readPickle } from "../../../src/transcoding/pickle/read_pickle.ts";
import { writePickle } from "../../../src/transcoding/pickle/write_pickle.ts";
import type { Random } from "../../chaos/random.ts";
import { fromHex, type PickleVectors, readVectors, toHex, unpack } from "./vectors.ts";

const MAX_LENGTH = 2000;
const MAX_MILLISECONDS = 1000;
/** What reading and writing may allocate, whatever the input, and for each of its bytes. */
const MAX_BYTES = 1 << 20;
const MAX_BYTES_PER_BYTE = 1 << 10;

const opcodes = Object.values(opcode);

/** The worst of the cases. */
export interface PickleFuzzReport {
  readonly cases: number;
  /** Milliseconds of the slowest case. */
  readonly slowest: number;
  /** Bytes allocated by the hungriest case. */
  readonly hungriest: number;
}

/**
 * Reads mutations of valid, hostile and unusual pickles, and writes what comes of them.
 *
 * @param random Where they come from.
 * @param cases How many at most.
 * @param goesOn Is given how many are over, and says whether there is time for another.
 * @throws {Error} When one makes anything but a value or a `ClientException`, takes long, or takes
 * memory out of proportion.
 */
export async function fuzzPickles(
  random: Random,
  cases: number,
  goesOn: (done: number) => boolean = () => true,
): Promise<PickleFuzzReport> {
  const pickles = await readSamples();
  let [slowest, hungriest] = [0, 0];
  let done = 0;
  for (; done < cases && goesOn(done); done++) {
    const bytes = mutate(pickles, random);
    const heap = allocated();
    const start = performance.now();
    try {
      readAndWrite(bytes, random);
    } catch (cause) {
      throw new Error(`Cannot read ${toHex(bytes)}`, { cause });
    }
    slowest = Math.max(slowest, performance.now() - start);
    if (slowest > MAX_MILLISECONDS) throw new Error(`Cannot read ${toHex(bytes)} in time`);
    // Less than nothing where garbage was collected meanwhile.
    const taken = allocated() - heap;
    hungriest = Math.max(hungriest, taken);
    if (taken > MAX_BYTES + bytes.length * MAX_BYTES_PER_BYTE) {
      throw new Error(`Reading ${toHex(bytes)} takes ${taken} bytes`);
    }
  }
  return { cases: done, slowest, hungriest };
}

async function readSamples(): Promise<Uint8Array<ArrayBuffer>[]> {
  const { values, hostile, unusual } = await readVectors<PickleVectors>("pickle_vectors.json");
  const packed = values.flatMap(({ pickles }) => Object.values(pickles));
  const unpacked = await Promise.all(packed.map(unpack));
  const others = [...hostile, ...unusual].flatMap(({ hex }) =>
    hex === undefined ? [] : [fromHex(hex)]
  );
  return [...unpacked, ...others].filter((bytes) => bytes.length <= MAX_LENGTH);
}

/** Changes, doubles, removes or brings in from elsewhere a few bytes of a pickle. */
function mutate(
  pickles: readonly Uint8Array<ArrayBuffer>[],
  random: Random,
): Uint8Array<ArrayBuffer> {
  const bytes = Array.from(random.pick(pickles));
  for (let change = random.below(4); change >= 0; change--) {
    const at = random.below(bytes.length + 1);
    const other = random.pick(pickles);
    const from = random.below(other.length + 1);
    const changes = [
      () => bytes[at] = random.below(256),
      () => bytes[at] = random.pick(opcodes),
      () => bytes.splice(at, 0, random.pick(opcodes)),
      () => bytes.splice(at, random.below(8)),
      () => bytes.splice(at, 0, ...bytes.slice(at, at + random.below(40))),
      () => bytes.splice(at, 0, ...other.subarray(from, from + random.below(40))),
    ];
    random.pick(changes)();
  }
  return Uint8Array.from(bytes, (byte) => byte ?? 0);
}

/** What is read may be a string with a lone surrogate, which is not written. What is written is read. */
function readAndWrite(bytes: Uint8Array, random: Random): void {
  let written: Uint8Array;
  try {
    const value = readPickle(bytes.slice(), random.chance(0.5));
    written = writePickle(value, random.pick([2, 3, 4, 5]));
  } catch (error) {
    if (!(error instanceof ClientException)) throw error;
    return;
  }
  readPickle(written);
}

function allocated(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
