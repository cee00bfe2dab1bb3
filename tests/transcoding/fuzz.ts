/** Items with bytes and flags that no program would write. @module */

import { ClientException, type EncodedValue, type Transcoder } from "../../mod.ts";
import type { Random } from "../chaos/random.ts";
import { busyTime } from "../support/busy_time.ts";
import { toHex } from "./pickle/vectors.ts";

const MAX_LENGTH = 200;
const MAX_MILLISECONDS = 1000;
/** What reading an item may allocate, whatever the item, and for each of its bytes: deflate expands 1,032 times. */
const MAX_BYTES = 1 << 22;
const MAX_BYTES_PER_BYTE = 1 << 12;
/** What could not be done, a colon, and why. */
const MESSAGE = /^Cannot \w+ [^:]+: \S/;

/**
 * Decodes random bytes, and mutations of what the transcoder made of some values, under flags that it
 * knows and others.
 *
 * @param most How many at most.
 * @param goesOn Called with how many are over, and says whether there is time for another.
 * @returns How many there were.
 * @throws {Error} When one makes anything but a value or a `ClientException` that says why, takes long, or takes memory
 * out of proportion.
 */
export async function fuzzTranscoder(
  transcoder: Transcoder,
  samples: readonly EncodedValue[],
  random: Random,
  most: number,
  goesOn: (done: number) => boolean = () => true,
): Promise<number> {
  // Modules that are loaded for the first value of their kind are none of a case's memory.
  for (const sample of samples) await decodeOrExplain(transcoder, sample);
  let cases = 0;
  for (; cases < most && goesOn(cases); cases++) {
    const item = arbitraryItem(samples, random);
    const shown = `${item.flags} ${toHex(item.data)}`;
    const memory = allocated();
    const start = busyTime();
    try {
      await decodeOrExplain(transcoder, item);
    } catch (cause) {
      throw new Error(`Cannot decode ${shown}`, { cause });
    }
    if (busyTime() - start > MAX_MILLISECONDS) throw new Error(`Too slow for ${shown}`);
    // Less than nothing where garbage was collected meanwhile.
    const taken = allocated() - memory;
    if (taken > MAX_BYTES + item.data.length * MAX_BYTES_PER_BYTE) {
      throw new Error(`Reading ${shown} takes ${taken} bytes`);
    }
  }
  return cases;
}

/** @throws What does not say why an item cannot be read. */
async function decodeOrExplain(transcoder: Transcoder, item: EncodedValue): Promise<void> {
  try {
    const value = transcoder.decode(item);
    if (value instanceof Promise) await value;
  } catch (error) {
    if (!isExplained(error)) throw error;
  }
}

/** Whether an error is the client's, and its message says what is wrong. */
export function isExplained(error: unknown): boolean {
  return error instanceof ClientException && MESSAGE.test(error.message);
}

/** The bytes that this process holds in JavaScript's heap and in buffers outside it. */
export function allocated(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

function arbitraryItem(samples: readonly EncodedValue[], random: Random): EncodedValue {
  const sample = random.pick(samples);
  const flags = random.weighted({ same: 6, other: 2, near: 1, any: 1 });
  const data = random.chance(0.7) ? mutate(sample.data, random) : randomBytes(random);
  switch (flags) {
    case "same":
      return { flags: sample.flags, data };
    case "other":
      return { flags: random.pick(samples).flags, data };
    case "near":
      return { flags: (sample.flags ^ 1 << random.below(32)) >>> 0, data };
    case "any":
      return { flags: random.below(2 ** 32), data };
  }
}

function randomBytes(random: Random): Uint8Array {
  return Uint8Array.from({ length: random.below(40) }, () => random.below(256));
}

function mutate(data: Uint8Array, random: Random): Uint8Array {
  const bytes = [...data];
  for (let change = random.below(4); change > 0; change--) {
    const at = random.below(bytes.length + 1);
    const changes = [
      () => bytes[at] = random.below(256),
      () => bytes[at] = (bytes[at] ?? 0) ^ 1 << random.below(8),
      () => bytes.splice(at, random.below(8)),
      () => bytes.splice(at, 0, ...bytes.slice(at, at + random.below(40))),
      () => bytes.splice(at),
    ];
    random.pick(changes)();
  }
  return Uint8Array.from(bytes.slice(0, MAX_LENGTH));
}
