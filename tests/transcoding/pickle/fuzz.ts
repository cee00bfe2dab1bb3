/** Pickles with a few bytes changed. @module */

import { ClientException } from "../../../src/errors.ts";
import * as opcode from "../../../src/transcoding/pickle/opcodes.ts";
import { readPickle } from "../../../src/transcoding/pickle/read_pickle.ts";
import type { ReadPickleOptions } from "../../../src/transcoding/pickle/unpickler.ts";
import { writePickle } from "../../../src/transcoding/pickle/write_pickle.ts";
import { busyTime } from "../../support/busy_time.ts";
import type { Random } from "../../chaos/random.ts";
import { fromHex, type PickleVectors, readVectors, toHex, unpack } from "./vectors.ts";

const MAX_LENGTH = 2000;
const MAX_MILLISECONDS = 1000;
/** What reading and writing may allocate, whatever the input, and for each of its bytes. */
const MAX_BYTES = 1 << 20;
const MAX_BYTES_PER_BYTE = 1 << 10;

const opcodes = Object.values(opcode);

/** Pickles of classes, as text. Each character is a byte. */
const CLASSES = [
  "cuuid\nUUID\n)\x81}X\x03\x00\x00\x00intK\x05sb.",
  "ccopy_reg\n_reconstructor\n(cuuid\nUUID\nc__builtin__\nobject\nNtR}X\x03\x00\x00\x00intK\x05sb.",
  "ccollections\ndeque\n(]K\x03tR(K\x01K\x02e.",
  "ccollections\ndefaultdict\nc__builtin__\nlist\n\x85RX\x01\x00\x00\x00a]s.",
  "cdatetime\ndatetime\n(C\x0a\x07\xe4\x02\x1d\x0c\x00\x00\x0a\x5b\xb5cpytz\n_p\n(X\x03\x00\x00\x00UTCtRtR.",
  "cdatetime\ndatetime\n(U\x0a\x07\xe4\x02\x1d\x0c\x00\x00\x0a\x5b\xb5cbuiltins\ngetattr\n" +
  "(czoneinfo\nZoneInfo\nX\x09\x00\x00\x00_unpickletR(X\x0d\x00\x00\x00Europe/BerlinK\x01tRtR.",
  "cdateutil.tz.tz\ntzoffset\n)\x81}(X\x05\x00\x00\x00_nameNX\x07\x00\x00\x00_offsetK\x05ub.",
  "carray\n_array_reconstructor\n(carray\narray\nX\x01\x00\x00\x00iK\x08C\x04\x01\x00\x00\x00tR.",
  "cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(X\x02\x00\x00\x00i2\x89\x88tR(K\x03X\x01\x00\x00\x00<tbC\x02\x01\x00tR.",
  "capp\nMoney\n(K\x05tR}X\x01\x00\x00\x00aNsb.",
  "}(capp\nMoney\n)Rcdecimal\nDecimal\n(X\x03\x00\x00\x001.5tRK\x01cfractions\nFraction\n(K\x01K\x02tRu.",
];

const OPTIONS: readonly ReadPickleOptions[] = [
  {},
  { keepUnreadable: true, tupleKeys: true },
  { classes: { "app.Money": (args, state) => ({ args, state }) } },
  { classes: { "app.Money": ([value]) => value ?? "none" }, keepUnreadable: true },
];

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
 * @param goesOn Called with how many are over, and says whether there is time for another.
 * @throws {Error} When one makes anything but a value or a `ClientException`, takes long, or takes
 * memory out of proportion.
 */
export async function fuzzPickles(
  random: Random,
  cases: number,
  goesOn: (done: number) => boolean = () => true,
): Promise<PickleFuzzReport> {
  const pickles = await readSamples();
  // Modules that are loaded for the first value of their kind are none of a case's memory.
  for (const pickle of pickles) await readAndWrite(pickle, random);
  let [slowest, hungriest] = [0, 0];
  let done = 0;
  for (; done < cases && goesOn(done); done++) {
    const bytes = mutate(pickles, random);
    const heap = allocated();
    const start = busyTime();
    try {
      await readAndWrite(bytes, random);
    } catch (cause) {
      throw new Error(`Cannot read ${toHex(bytes)}`, { cause });
    }
    slowest = Math.max(slowest, busyTime() - start);
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
  const classes = CLASSES.map((text) => Uint8Array.from(text, (char) => char.charCodeAt(0)));
  // As many as of the others, about.
  const often = Array.from({ length: 30 }, () => classes).flat();
  return [...unpacked, ...others, ...often].filter((bytes) => bytes.length <= MAX_LENGTH);
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
async function readAndWrite(bytes: Uint8Array, random: Random): Promise<void> {
  let written: Uint8Array;
  try {
    const value = await readPickle(bytes.slice(), random.chance(0.5), random.pick(OPTIONS));
    written = writePickle(value, random.pick([2, 3, 4, 5]));
  } catch (error) {
    if (!(error instanceof ClientException)) throw error;
    return;
  }
  await readPickle(written);
}

function allocated(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
