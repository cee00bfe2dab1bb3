import { ClientException } from "../../../src/errors.ts";
import { readPickle } from "../../../src/transcoding/pickle/read_pickle.ts";
import { writePickle } from "../../../src/transcoding/pickle/write_pickle.ts";
import { opcode } from "../../../src/transcoding/pickle/opcodes.ts";
import { fromHex, type PickleVectors, readVectors, toHex, unpack } from "./vectors.ts";

const MUTATIONS = 20_000;
const MAX_LENGTH = 2000;
const MAX_MILLISECONDS = 1000;

const opcodes = Object.values(opcode);

/** Marsaglia's xorshift: numbers from 0 up to a bound, the same for the same seed. */
function randomizer(seed: number): (bound: number) => number {
  let state = seed | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

async function readSeeds(): Promise<Uint8Array<ArrayBuffer>[]> {
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
  random: (bound: number) => number,
): Uint8Array<ArrayBuffer> {
  const bytes = Array.from(pickles[random(pickles.length)]!);
  for (let change = random(4); change >= 0; change--) {
    const at = random(bytes.length + 1);
    const other = pickles[random(pickles.length)]!;
    const from = random(other.length + 1);
    const changes = [
      () => bytes[at] = random(256),
      () => bytes[at] = opcodes[random(opcodes.length)]!,
      () => bytes.splice(at, 0, opcodes[random(opcodes.length)]!),
      () => bytes.splice(at, random(8)),
      () => bytes.splice(at, 0, ...bytes.slice(at, at + random(40))),
      () => bytes.splice(at, 0, ...other.subarray(from, from + random(40))),
    ];
    changes[random(changes.length)]!();
  }
  return Uint8Array.from(bytes, (byte) => byte ?? 0);
}

/** What is read may be a string with a lone surrogate, which is not written. */
function readAndWrite(bytes: Uint8Array): void {
  try {
    writePickle(readPickle(bytes));
  } catch (error) {
    if (!(error instanceof ClientException)) throw error;
  }
}

Deno.test("readPickle makes a value or a ClientException of any bytes, at once", async () => {
  const seed = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 2 ** 31);
  const random = randomizer(seed);
  const pickles = await readSeeds();
  for (let i = 0; i < MUTATIONS; i++) {
    const bytes = mutate(pickles, random);
    const start = performance.now();
    try {
      readAndWrite(bytes);
    } catch (cause) {
      throw new Error(`Cannot read ${toHex(bytes)} (FUZZ_SEED=${seed})`, { cause });
    }
    if (performance.now() - start > MAX_MILLISECONDS) {
      throw new Error(`Cannot read ${toHex(bytes)} in time (FUZZ_SEED=${seed})`);
    }
  }
});
