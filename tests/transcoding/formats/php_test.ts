import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ClientException, type Transcoder, ValidationException } from "../../../mod.ts";
import {
  phpMemcachedTranscoder,
  type PhpMemcachedTranscoderOptions,
  phpMemcacheTranscoder,
  type PhpMemcacheTranscoderOptions,
} from "../../../src/transcoding/formats/php/mod.ts";
import { compressFastlz, expandFastlz } from "../../../src/transcoding/formats/php/fastlz.ts";
import { decompress } from "../../../src/transcoding/compression.ts";
import { Random, withSeed } from "../../chaos/random.ts";
import {
  assertReads,
  type ForeignCase,
  type ForeignSet,
  readForeign,
  recordOf,
  textIfUtf8,
  valueOf,
} from "./foreign_sets.ts";

const CONFIGURATIONS: Readonly<Record<string, PhpMemcachedTranscoderOptions>> = {
  "php-fastlz": { serializer: "php", compression: "fastlz" },
  "php-zlib": { serializer: "php", compression: "zlib" },
  "php-none": { serializer: "php", compression: false },
  "php-zstd": { serializer: "php", compression: "zstd" },
  "igbinary-fastlz": { serializer: "igbinary", compression: "fastlz" },
  "igbinary-zlib": { serializer: "igbinary", compression: "zlib" },
  "json-fastlz": { serializer: "json", compression: "fastlz" },
  "jsonarray-zlib": { serializer: "json", compression: "zlib" },
  "json-zstd": { serializer: "json", compression: "zstd" },
  "msgpack-fastlz": { serializer: "msgpack", compression: "fastlz" },
};
const OLD_CONFIGURATIONS: Readonly<Record<string, PhpMemcacheTranscoderOptions>> = {
  "pecl-memcache": {},
  "pecl-memcache-compressed": { compressThreshold: 0 },
};

const sets = await readForeign("php-memcached_1", "php-memcached_2", "php-memcached-3.3");
const oldSets = await readForeign("php-memcache");

function transcoderOf({ config }: ForeignSet): Transcoder {
  const options = CONFIGURATIONS[config];
  if (options === undefined) return phpMemcacheTranscoder(OLD_CONFIGURATIONS[config]);
  return phpMemcachedTranscoder(options);
}

/** PHP has integers for keys that look like one, one empty array, and dates in JSON that are objects. */
function expectedOf({ config }: ForeignSet): (foreign: ForeignCase) => unknown {
  const isJson = config.startsWith("json");
  return ({ id, value }) => {
    const portable = value.type === "stdclass" ? { ...value, type: "symdict" } : value;
    return valueOf(portable, {
      bytes: textIfUtf8,
      dict: isJson ? jsonArray : phpArray,
      ...(isJson ? { date: propertiesOf } : {}),
    }, id);
  };
}

function jsonArray(pairs: readonly (readonly [unknown, unknown])[]): unknown {
  return pairs.length === 0 ? [] : recordOf(pairs.map(([key, value]) => [String(key), value]));
}

function phpArray(pairs: readonly (readonly [unknown, unknown])[]): unknown {
  if (pairs.length === 0) return [];
  return recordOf(
    pairs.map(([key, value]) => [/^\d+$/.test(String(key)) ? Number(key) : key, value]),
  );
}

function propertiesOf(date: Date): unknown {
  return {
    date: date.toISOString().replace("T", " ").replace("Z", "000"),
    timezone_type: 2,
    timezone: "Z",
  };
}

async function expanded(flags: number, data: Uint8Array): Promise<Uint8Array> {
  if ((flags & 2) !== 0 && (flags & 16) === 0) return await decompress(data, false, 1e6);
  const item = { flags: flags & 0xf0, data };
  const value = await phpMemcachedTranscoder.decode(item);
  return typeof value === "string" ? new TextEncoder().encode(value) : value as Uint8Array;
}

for (const set of [...sets, ...oldSets]) {
  const name = set.config.startsWith("pecl") ? "phpMemcacheTranscoder" : "phpMemcachedTranscoder";

  Deno.test(`${name} reads what PHP wrote: ${set.config}`, async () => {
    await assertReads(transcoderOf(set), set, expectedOf(set));
  });

  Deno.test(`${name} writes what PHP writes: ${set.config}`, async () => {
    const transcoder = transcoderOf(set);
    for (const { id, value, flags, data } of set.cases) {
      // JavaScript has no other integers than numbers, 1.0 among them; its keys are in an order of their own, and it
      // has only one kind of objects, which in JSON stay objects when they are empty.
      if (["float-1", "map-digitkeys", "x-stdclass"].includes(id)) continue;
      if (id === "map-empty" && set.config.startsWith("json")) continue;
      const item = await transcoder.encode(valueOf(value));
      // A PHP program may ask for compression, whatever it gains: then only the types are compared.
      const isAsked = set.config === "pecl-memcache-compressed";
      const mask = set.config.startsWith("pecl") ? 2 : 0xf0;
      assertEquals(isAsked ? item.flags & ~mask : item.flags, isAsked ? flags & ~mask : flags, id);
      const ours = (item.flags & mask) === 0 ? item.data : await expanded(item.flags, item.data);
      const theirs = (flags & mask) === 0 ? data : await expanded(flags, data);
      assertEquals(ours, theirs, `${id}: ${new TextDecoder().decode(theirs)}`);
    }
  });
}
