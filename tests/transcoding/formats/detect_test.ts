import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  jsonTranscoder,
  moecacheTranscoder,
  type Transcoder,
  ValidationException,
} from "../../../mod.ts";
import { dalliTranscoder } from "../../../src/transcoding/formats/dalli/mod.ts";
import { detectFormat } from "../../../src/transcoding/formats/detect.ts";
import * as formats from "../../../src/transcoding/mod.ts";
import { Random, withSeed } from "../../chaos/random.ts";
import { busyTime } from "../../support/busy_time.ts";
import { extent } from "../../support/extent.ts";
import { assertSame, type ForeignSet, readForeign } from "./foreign_sets.ts";

/** The clients that stored what is in the files. */
const CLIENTS: Record<string, string> = {
  "pymemcache_1": "pymemcache",
  "pymemcache_2": "pymemcache",
  "python-memcached": "python-memcached",
  "pylibmc": "pylibmc",
  "bmemcached": "python-binary-memcached",
  "dalli_1": "dalli",
  "dalli_2": "dalli",
  "php-memcached_1": "php-memcached",
  "php-memcached_2": "php-memcached",
  "php-memcached-3.3": "php-memcached",
  "php-memcache": "php pecl/memcache",
  "spymemcached_1": "spymemcached",
  "spymemcached_2": "spymemcached with WhalinV1Transcoder",
  "enyim-memcached-core": "EnyimMemcachedCore",
  "npm-memcached": "npm memcached",
  "npm-memcache-client": "npm memcache-client",
  "npm-memcache": "npm memcache",
  "npm-memjs": "npm memjs",
  "perl-cache-memcached": "Cache::Memcached",
  "perl-cache-memcached-fast": "Cache::Memcached::Fast",
};

/** The configurations that have a rule of their own. */
const SETS: Record<string, string> = {
  "docs-json": "pymemcache with JSON",
  "whalin": "spymemcached with WhalinTranscoder",
};

/** The transcoders of this entry, by their names. */
const transcoders = Object.fromEntries(
  Object.entries(formats).filter(([name]) => name.endsWith("Transcoder")),
) as Record<string, Transcoder>;

function clientOf(file: string, { config }: ForeignSet): string {
  return SETS[config] ?? CLIENTS[file] ?? "";
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function clients(flags: number, data: Uint8Array | string): Promise<string[]> {
  const found = await detectFormat(flags, typeof data === "string" ? encode(data) : data);
  return found.map(({ client }) => client);
}

Deno.test("detectFormat finds the client among those that could have written an item, for all of them", async () => {
  let [first, all] = [0, 0];
  for (const file of Object.keys(CLIENTS)) {
    for (const set of await readForeign(file)) {
      for (const { id, flags, data } of set.cases) {
        const found = await detectFormat(flags, data);
        const at = found.findIndex(({ client }) => client === clientOf(file, set));
        assert(at >= 0, `${file} ${set.config} ${id}: ${JSON.stringify(found)}`);
        // Every client writes flags 0.
        if (flags === 0) continue;
        assert(at <= 6, `${file} ${set.config} ${id}: ${at} of ${JSON.stringify(found)}`);
        all++;
        if (at === 0) first++;
      }
    }
  }
  assert(first / all > 0.6, `${first} of ${all}`);
});

Deno.test("detectFormat gives the value that the client's transcoder reads", async () => {
  let values = 0;
  for (const file of Object.keys(CLIENTS)) {
    for (const set of await readForeign(file)) {
      for (const { id, flags, data } of set.cases) {
        const kept = data.slice();
        const found = await detectFormat(flags, data, transcoders);
        assertEquals(data, kept);
        const own = found.find(({ client }) => client === clientOf(file, set));
        const transcoder = transcoders[own?.transcoder ?? ""];
        if (transcoder === undefined) continue;
        const message = `${file} ${set.config} ${id}`;
        assert(own?.error === undefined, message);
        if (own?.options !== undefined) continue;
        assertSame(own?.value, await transcoder.decode({ flags, data: kept }), message);
        values++;
      }
    }
  }
  assert(values > 700, String(values));
});

Deno.test("detectFormat names only the clients that write such items", async () => {
  const only: [number, Uint8Array | string, string[]][] = [
    [64082, "x", ["EnyimMemcachedCore", "EnyimMemcached"]],
    [265, Uint8Array.of(1, 0, 0, 0), ["EnyimMemcachedCore", "EnyimMemcached"]],
    [256, Uint8Array.of(0x80, 2, 0x4e, 0x2e), ["moecache"]],
    [768, "12", ["php pecl/memcache", "spymemcached"]],
    [8192, Uint8Array.of(1), ["spymemcached with WhalinTranscoder"]],
    [4, "h\xe9", ["dalli", "npm memcached", "Cache::Memcached::Fast"]],
    [1, Uint8Array.of(4, 8, 0x30), ["dalli", "pymemcache with JSON"]],
    [0xdeadbeef, "x", []],
    [265, "not four", []],
    [257, Uint8Array.of(5, 0, 0, 0, 0), ["EnyimMemcachedCore"]],
  ];
  for (const [flags, data, expected] of only) {
    assertEquals(await clients(flags, data), expected, `${flags} ${data}`);
  }
});

Deno.test("detectFormat puts those last whose transcoder cannot read the item", async () => {
  const damaged = Uint8Array.of(0x80, 5, 0x58, 0x2e);
  const before = await clients(1, damaged);
  assertEquals(before[0], "pymemcache");
  const { pymemcacheTranscoder } = formats;
  const found = await detectFormat(1, damaged, { pymemcacheTranscoder });
  assertEquals(found.at(-1)?.client, "pymemcache");
  assert(found.at(-1)?.error instanceof Error);
  assertEquals(found.length, before.length);
});

Deno.test("detectFormat makes a transcoder with the options that a client needs", async () => {
  const { pymemcacheTranscoder } = formats;
  const found = await detectFormat(2, encode('{"a": NaN}'), {
    pymemcacheTranscoder,
    jsonTranscoder,
  });
  const json = found.find(({ client }) => client === "pymemcache with JSON");
  assertEquals(json, {
    client: "pymemcache with JSON",
    transcoder: "pymemcacheTranscoder",
    holds: "JSON",
    confidence: "fair",
    options: { json: true },
    value: { a: NaN },
  });
  assertEquals(found.at(-1)?.client, "moecache with JSON");
});

Deno.test("detectFormat reads what dalli compressed with any serializer", async () => {
  for (const set of await readForeign("dalli_1", "dalli_2")) {
    for (const { id, flags, data } of set.cases) {
      const [best] = await detectFormat(flags, data, { dalliTranscoder }).then((found) =>
        found.filter(({ client }) => client === "dalli")
      );
      assert(best !== undefined && best.error === undefined, `${set.config} ${id}`);
    }
  }
});

Deno.test("detectFormat takes transcoders of the caller's own, if they read the item", async () => {
  const upper: Transcoder = {
    encode: () => ({ flags: 77, data: new Uint8Array(0) }),
    decode: ({ flags, data }) => {
      if (flags !== 77) throw new TypeError("not mine");
      return new TextDecoder().decode(data).toUpperCase();
    },
  };
  const [own, ...rest] = await detectFormat(77, encode("moe"), { upper, moecacheTranscoder });
  assertEquals(rest, []);
  assertEquals([own?.client, own?.value], ["upper", "MOE"]);
  assertEquals(await detectFormat(78, encode("moe"), { upper }), []);
});

Deno.test("detectFormat refuses what is not an item, and what is not a transcoder", async () => {
  const data = new Uint8Array(1);
  for (const flags of [-1, 1.5, 2 ** 32, NaN, "1"]) {
    await assertRejects(
      () => detectFormat(flags as number, data),
      ValidationException,
      "Cannot use flags",
    );
  }
  await assertRejects(() => detectFormat(0, "x" as never), ValidationException, "Cannot use data");
  for (const given of [null, 5, "x"]) {
    await assertRejects(
      () => detectFormat(0, data, given as never),
      ValidationException,
      "Cannot use",
    );
  }
  const broken = { jsonTranscoder: {} as Transcoder };
  await assertRejects(
    () => detectFormat(0, data, broken),
    ValidationException,
    "Cannot use transcoder",
  );
});

Deno.test("detectFormat looks at large items in a moment", async () => {
  const bodies = [
    encode("1".repeat(1_000_000)),
    encode("[".repeat(1_000_000)),
    encode('"NaN'.repeat(250_000)),
    encode("-NaN ".repeat(200_000)),
    new Uint8Array(1_000_000),
  ];
  const start = busyTime();
  for (const data of bodies) {
    for (const flags of [0, 1, 2, 4, 8, 16, 257, 274]) await detectFormat(flags, data);
  }
  assert(busyTime() - start < 60_000);
});

Deno.test("detectFormat returns something for any item, and never throws for one", async () => {
  await withSeed(async (seed) => {
    const random = new Random(seed);
    for (let i = 0; i < extent(2000, 20_000); i++) {
      const data = Uint8Array.from({ length: random.below(20) }, () => random.below(256));
      const flags = random.chance(0.8)
        ? random.below(0x1_0000) & random.below(0x1_0000)
        : random.below(2 ** 32);
      for (const { client, holds } of await detectFormat(flags, data, transcoders)) {
        assert(client !== "" && holds !== "");
      }
    }
  });
});
