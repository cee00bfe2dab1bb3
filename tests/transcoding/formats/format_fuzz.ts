/** Foreign formats with a few bytes changed. @module */

import { railsTranscoder } from "../../../src/transcoding/formats/dalli/mod.ts";
import { readMarshal } from "../../../src/transcoding/formats/dalli/read_marshal.ts";
import { writeMarshal } from "../../../src/transcoding/formats/dalli/write_marshal.ts";
import { busyTime } from "../../support/busy_time.ts";
import { compressFastlz, expandFastlz } from "../../../src/transcoding/formats/php/fastlz.ts";
import { readIgbinary, writeIgbinary } from "../../../src/transcoding/formats/php/igbinary.ts";
import {
  readPhpMsgpack,
  writePhpMsgpack,
} from "../../../src/transcoding/formats/php/php_msgpack.ts";
import { readSerialized } from "../../../src/transcoding/formats/php/read_serialized.ts";
import { writeSerialized } from "../../../src/transcoding/formats/php/write_serialized.ts";
import { readJson, writeJson } from "../../../src/transcoding/formats/json_text.ts";
import { RUBY_JSON } from "../../../src/transcoding/formats/dalli/ruby_json.ts";
import { readBson } from "../../../src/transcoding/formats/read_bson.ts";
import { writeBson } from "../../../src/transcoding/formats/write_bson.ts";
import { readJava } from "../../../src/transcoding/formats/java/read_java.ts";
import { writeJava } from "../../../src/transcoding/formats/java/write_java.ts";
import { readStorable } from "../../../src/transcoding/formats/perl/read_storable.ts";
import { writeStorable } from "../../../src/transcoding/formats/perl/write_storable.ts";
import type { Random } from "../../chaos/random.ts";
import { allocated, isExplained } from "../fuzz.ts";
import { toHex } from "../pickle/vectors.ts";
import { latin1, readForeign } from "./foreign_sets.ts";
import { entryItem, entryOf, readRails } from "./rails_items.ts";

const MAX_LENGTH = 2000;
const MAX_MILLISECONDS = 1000;
/** What reading and writing may allocate, whatever the input, and for each of its bytes. */
const MAX_BYTES = 1 << 20;
const MAX_BYTES_PER_BYTE = 1 << 10;

/** A format and what is known of it. */
export interface FuzzedFormat {
  readonly name: string;
  /** The value, or a promise of it. */
  read(bytes: Uint8Array): unknown;
  /** Writes what was read; none for a format that is only read. */
  write?(value: unknown): Uint8Array | Promise<Uint8Array>;
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
    samples: () => samplesOf(["dalli_1"], 1, "default"),
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
  {
    name: "entries of Rails' cache",
    read: (entry) => railsTranscoder.decode(entryItem(entry)),
    write: async (value) => entryOf(await railsTranscoder.encode(value)),
    samples: async () =>
      (await readRails()).filter(({ flags, format }) => flags === 1 && format !== 6.1).map(entryOf)
        .filter(({ length }) => length <= MAX_LENGTH),
    tokens: [
      ..."\0\x01\x02\x03\x04\x11\x7f\x80\x81\x82\x83\x84\xff",
      "\0\x11\x01",
      "\0\x11\x81",
      "\xff\xff\xff\xff",
      "\xff\xff\xff\x7f",
      "\x01\0\0\0",
      "\0\x04\x08[\x06",
      "\x01\x78\x9c",
      "\xcc\x80",
    ],
  },
  {
    name: "objects of Rails' cache 6.1",
    read: (data) => railsTranscoder.decode({ flags: 1, data }),
    samples: async () =>
      (await readRails()).filter(({ flags, format }) => flags === 1 && format === 6.1)
        .map(({ data }) => data).filter(({ length }) => length <= MAX_LENGTH),
    tokens: [
      ...'0TFifl":;@[{}IuUoCeSc\0\x06',
      "o:\x20ActiveSupport::Cache::Entry",
      ":\x0b@value",
      ":\x10@compressedT",
      ":\x10@compressedF",
      ";\x06",
      "\x78\x9c",
      "@\x06",
    ],
  },
  {
    name: "PHP's serialize",
    read: readSerialized,
    write: writeSerialized,
    samples: async () => [
      ...await samplesOf(["php-memcached_1"], 4),
      latin1('a:1:{S:1:"\\41";d:INF;}'),
      latin1('a:3:{i:0;O:8:"stdClass":1:{s:1:"a";i:1;}i:1;r:2;i:2;R:3;}'),
      latin1("a:2:{i:0;i:1;i:1;a:2:{i:0;i:1;i:1;R:3;}}"),
    ],
    tokens: [
      "N;",
      "b:1;",
      "i:0;",
      "d:0.5;",
      's:1:"a";',
      "a:1:{",
      "a:0:{}",
      "}",
      "R:1;",
      "r:2;",
      'O:8:"stdClass":1:{',
      'C:1:"Q":2:{xx}',
      'E:3:"S:A";',
      ":",
      ";",
      '"',
    ],
  },
  {
    name: "igbinary",
    read: readIgbinary,
    write: writeIgbinary,
    samples: async () => [
      ...await samplesOf(["php-memcached_1"], 5),
      latin1('\0\0\0\x02\x14\x02\x06\0\x17\x08stdClass\x14\x01\x11\x01a\x06\x01\x06\x01"\x01'),
      latin1("\0\0\0\x02\x14\x02\x06\0%\x14\x01\x06\0\x06\x01\x06\x01%\x01\x01"),
    ],
    tokens: Array.from({ length: 40 }, (_, code) => String.fromCharCode(code)),
  },
  {
    name: "PHP's MessagePack",
    read: readPhpMsgpack,
    write: writePhpMsgpack,
    samples: async () => [
      ...await samplesOf(["php-memcached_2"], 7),
      latin1("\x92\x82\xc0\xa8stdClass\xa1a\x01\x82\xc0\x04\x00\x02"),
      latin1("\x92\x82\xc0\x01\x00\x01\x82\xc0\x02\x00\x02"),
    ],
    tokens: [
      ..."\x80\x81\x82\x90\x91\x92\xa0\xa1\xc0\xc2\xc3\xca\xcb\xcc\xcd\xce\xcf\xd0\xd1\xd2\xd3\xd9\xda\xdb\xdc\xdd\xde\xdf\xff",
      "\x82\xc0\x04\x00\x01",
    ],
  },
  {
    name: "Java's serialization",
    read: readJava,
    write: writeJava,
    samples: () => samplesOf(["spymemcached_1"], 1, "serializing"),
    tokens: [
      ..."pqrstuvwxz{|}~",
      "q\0~\0\0",
      "q\0~\0\x02",
      "w\x04\0\0\0\x01",
      "sq\0~\0\0",
      "t\0\x01a",
      "\xff",
    ],
  },
  {
    name: "Storable",
    read: readStorable,
    write: writeStorable,
    samples: () => samplesOf(["perl-cache-memcached"], 1, "default"),
    tokens: [
      ...Array.from({ length: 36 }, (_, type) => String.fromCharCode(type)),
      "\0\0\0\0\x01",
      "\x04\x02\0\0\0\x01",
      "\x04\x03\0\0\0\x01",
    ],
  },
  {
    name: "JSON of Ruby and PHP",
    read: readJson,
    write: (value) => new TextEncoder().encode(writeJson(value, RUBY_JSON)),
    samples: async () => [
      ...await samplesOf(["dalli_1"], 1, "json"),
      latin1('{"a":[12345678901234567890,NaN,-Infinity,1e400,"\\u0041\\\\"],"__proto__":{}}'),
    ],
    tokens: [
      "[",
      "]",
      "{",
      "}",
      ",",
      ":",
      '"',
      "\\",
      "1234567890123456",
      "NaN",
      "-Infinity",
      "null",
    ],
  },
  {
    name: "FastLZ",
    read: (bytes) => expandFastlz(bytes.subarray(1), (bytes[0] ?? 0) * 16),
    write: (value) => {
      const stream = compressFastlz(value as Uint8Array);
      return Uint8Array.of((value as Uint8Array).length / 16, ...stream);
    },
    samples: () => {
      const texts = ["moecache ".repeat(160), "ab".repeat(800), "0123456789abcdef"];
      return Promise.resolve(texts.map((text) => {
        return Uint8Array.of(text.length / 16, ...compressFastlz(latin1(text)));
      }));
    },
    tokens: ["\0", "\x1f", "\x20\0", "\xe0\xff\0", "\x3f\xff", "\xff\xff\xff"],
  },
];

/** The bodies that programs wrote under some flags, in all configurations or one. */
async function samplesOf(
  names: readonly string[],
  flags: number,
  only?: string,
): Promise<Uint8Array[]> {
  const sets = await readForeign(...names);
  return sets.filter(({ config }) => only === undefined || config === only).flatMap(({ cases }) =>
    cases.filter((one) => one.flags === flags)
  )
    .map(({ data }) => data).filter(({ length }) => length <= MAX_LENGTH);
}

/**
 * Reads mutations of values, and writes what comes of them.
 *
 * @param format The format.
 * @param random Where the mutations come from.
 * @param most How many cases at most.
 * @param goesOn Called with how many are over, and says whether there is time for another.
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
  // Modules that are loaded for the first value of their kind are none of a case's memory.
  for (const sample of samples) await readAndWrite(format, sample);
  let [values, slowest, hungriest] = [0, 0, 0];
  let cases = 0;
  for (; cases < most && goesOn(cases); cases++) {
    const bytes = mutate(samples, format.tokens, random);
    const shown = `${format.name} ${toHex(bytes)}`;
    const heap = allocated();
    const start = busyTime();
    try {
      if (await readAndWrite(format, bytes)) values++;
    } catch (cause) {
      throw new Error(`Cannot read ${shown}`, { cause });
    }
    slowest = Math.max(slowest, busyTime() - start);
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
async function readAndWrite({ read, write }: FuzzedFormat, bytes: Uint8Array): Promise<boolean> {
  let written: Uint8Array | undefined;
  try {
    const value = await read(bytes);
    try {
      written = await write?.(value);
    } catch (error) {
      if (!isExplained(error)) throw error;
    }
  } catch (error) {
    if (!isExplained(error)) throw error;
    return false;
  }
  if (written !== undefined) await read(written);
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
  for (let change = random.below(3); change >= 0; change--) {
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
