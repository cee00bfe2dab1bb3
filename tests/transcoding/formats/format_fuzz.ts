/** Foreign formats with a few bytes changed. @module */

import { ClientException } from "../../../mod.ts";
import { readMarshal } from "../../../src/transcoding/formats/dalli/read_marshal.ts";
import { writeMarshal } from "../../../src/transcoding/formats/dalli/write_marshal.ts";
import { readBson } from "../../../src/transcoding/formats/read_bson.ts";
import { writeBson } from "../../../src/transcoding/formats/write_bson.ts";
import type { Random } from "../../chaos/random.ts";
import { toHex } from "../pickle/vectors.ts";
import { readForeign } from "./foreign_sets.ts";

const MAX_LENGTH = 2000;
const MAX_MILLISECONDS = 1000;
/** What reading and writing may allocate, whatever the input, and for each of its bytes. */
const MAX_BYTES = 1 << 20;
const MAX_BYTES_PER_BYTE = 1 << 10;

/** A format and what is known of it. */
export interface FuzzedFormat {
  readonly name: string;
  read(bytes: Uint8Array): unknown;
  /** Writes what was read; none for a format that is only read. */
  write?(value: unknown): Uint8Array;
  /** Whole values of the format. */
  samples(): Promise<Uint8Array[]>;
  /** Bytes that mean something in it. */
  readonly tokens: readonly string[];
}

/** The worst of the cases. */
export interface FormatFuzzReport {
  readonly cases: number;
  /** How many could be read. */
  readonly values: number;
  /** Milliseconds of the slowest case. */
  readonly slowest: number;
  /** Bytes allocated by the hungriest case. */
  readonly hungriest: number;
}

/** Every format that is fuzzed. */
export const FUZZED_FORMATS: readonly FuzzedFormat[] = [
  {
    name: "BSON",
    read: (bytes) => readBson(bytes, true),
    write: (value) => writeBson(Object(value)),
    samples: () => samplesOf(["enyim-memcached-core"], 257),
    tokens: [
      ...["\x01", "\x02", "\x03", "\x04", "\x05", "\x08", "\x09", "\x0a", "\x10", "\x12", "\xff"],
      ...["0\x00", "1\x00", "__proto__\x00", "\x05\x00\x00\x00\x00", "\xff\xff\xff\x7f"],
    ],
  },
  {
    name: "Marshal",
    read: readMarshal,
    write: writeMarshal,
    samples: () => samplesOf(["dalli_1", "dalli_2"], 1),
    tokens: [
      ...'0TFifl":;@[{}IuUoCeScm/',
      "[\x06",
      "{\x06",
      "@\x00",
      ";\x00",
      ":\x06E",
      ":\x09Time",
    ],
  },
];

/** The bodies that programs wrote under some flags. */
async function samplesOf(names: readonly string[], flags: number): Promise<Uint8Array[]> {
  const sets = await readForeign(...names);
  return sets.flatMap(({ cases }) => cases.filter((one) => one.flags === flags))
    .map(({ data }) => data).filter(({ length }) => length <= MAX_LENGTH);
}

/**
 * Reads mutations of values, and writes what comes of them.
 *
 * @param format The format.
 * @param random Where the mutations come from.
 * @param most How many cases at most.
 * @param goesOn Is given how many are over, and says whether there is time for another.
 * @throws {Error} When one makes anything but a value or a `ClientException`, takes long, or takes memory out of
 * proportion.
 */
export async function fuzzFormat(
  format: FuzzedFormat,
  random: Random,
  most: number,
  goesOn: (done: number) => boolean = () => true,
): Promise<FormatFuzzReport> {
  const samples = await format.samples();
  let [values, slowest, hungriest] = [0, 0, 0];
  let cases = 0;
  for (; cases < most && goesOn(cases); cases++) {
    const bytes = mutate(samples, format.tokens, random);
    const shown = `${format.name} ${toHex(bytes)}`;
    const heap = allocated();
    const start = performance.now();
    try {
      if (readAndWrite(format, bytes)) values++;
    } catch (cause) {
      throw new Error(`Cannot read ${shown}`, { cause });
    }
    slowest = Math.max(slowest, performance.now() - start);
    if (slowest > MAX_MILLISECONDS) throw new Error(`Cannot read ${shown} in time`);
    // Less than nothing where garbage was collected meanwhile.
    const taken = allocated() - heap;
    hungriest = Math.max(hungriest, taken);
    if (taken > MAX_BYTES + bytes.length * MAX_BYTES_PER_BYTE) {
      throw new Error(`Reading ${shown} takes ${taken} bytes`);
    }
  }
  return { cases, values, slowest, hungriest };
}

/** What was written has to be read. */
function readAndWrite({ read, write }: FuzzedFormat, bytes: Uint8Array): boolean {
  let written: Uint8Array | undefined;
  try {
    const value = read(bytes);
    try {
      written = write?.(value);
    } catch (error) {
      if (!(error instanceof ClientException)) throw error;
    }
  } catch (error) {
    if (!(error instanceof ClientException)) throw error;
    return false;
  }
  if (written !== undefined) read(written);
  return true;
}

/** Changes, doubles, removes or brings in from elsewhere a few bytes of a value. */
function mutate(
  samples: readonly Uint8Array[],
  tokens: readonly string[],
  random: Random,
): Uint8Array<ArrayBuffer> {
  const bytes = Array.from(random.pick(samples));
  const token = () => Array.from(random.pick(tokens), (character) => character.charCodeAt(0));
  for (let change = random.below(4); change >= 0; change--) {
    const at = random.below(bytes.length + 1);
    const other = random.pick(samples);
    const from = random.below(other.length + 1);
    const changes = [
      () => bytes[at] = random.below(256),
      () => bytes[at] = (bytes[at] ?? 0) ^ 1 << random.below(8),
      () => bytes.splice(at, 1, ...token()),
      () => bytes.splice(at, 0, ...token()),
      () => bytes.splice(at, random.below(8)),
      () => bytes.splice(at, 0, ...bytes.slice(at, at + random.below(40))),
      () => bytes.splice(at, 0, ...other.subarray(from, from + random.below(40))),
    ];
    random.pick(changes)();
  }
  return Uint8Array.from(bytes, (byte) => byte ?? 0);
}

function allocated(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
