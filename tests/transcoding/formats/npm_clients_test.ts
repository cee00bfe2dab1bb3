import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Client,
  ClientException,
  compressed,
  type EncodedValue,
  type Transcoder,
  ValidationException,
} from "../../../mod.ts";
import { MemcachedServer } from "../../../src/testing/mod.ts";
import {
  memcacheClientTranscoder,
  memjsTranscoder,
  npmMemcachedTranscoder,
  npmMemcacheTranscoder,
} from "../../../src/transcoding/mod.ts";
import { zstdDecompress } from "../../../src/transcoding/zstd.ts";
import { assertWrites, readForeignReads, setOf, without } from "./foreign_items.ts";
import { assertReads, type ForeignCase, readForeign, valueOf } from "./foreign_sets.ts";

const memcached = setOf(await readForeign("npm-memcached"), "default");
const memcacheClient = await readForeign("npm-memcache-client");
const memcache = setOf(await readForeign("npm-memcache"), "default");
const memjs = setOf(await readForeign("npm-memjs"), "default");
const reads = await readForeignReads();

async function inflate({ flags, data }: EncodedValue): Promise<EncodedValue> {
  return { flags, data: (flags & 1) === 0 ? data : await zstdDecompress(data, 1e6) };
}

/** What `JSON.parse` makes of what `JSON.stringify` made. */
function throughJson({ value }: ForeignCase): unknown {
  const made = valueOf(value);
  if (made instanceof Map) return Object.fromEntries(made);
  return made instanceof Date ? made.toISOString() : made;
}

/** What numbers come back as whose text says less than they do. */
function numbersAs(special: (value: number) => number): (each: ForeignCase) => unknown {
  return (each) => {
    const value = throughJson(each);
    if (typeof value !== "number") return value;
    return Object.is(value, -0) ? 0 : special(value);
  };
}

/** A Map becomes `{}` in JSON; the programs were given an object, since JavaScript's have no other keys. */
const MAP = "map-intkeys";

Deno.test("npmMemcachedTranscoder reads and writes what npm's memcached does", async () => {
  await assertReads(npmMemcachedTranscoder, memcached, numbersAs((value) => value));
  const set = without(memcached, MAP);
  assertEquals(await assertWrites(npmMemcachedTranscoder, set), set.cases.length);
  assert(set.cases.length >= 70);
});

Deno.test("memcacheClientTranscoder reads and writes what memcache-client does", async () => {
  const finite = numbersAs((value) => Number.isFinite(value) ? value : NaN);
  for (const [config, options] of [["default", {}], ["compress", { compress: true }]] as const) {
    const transcoder = memcacheClientTranscoder(options);
    const all = setOf(memcacheClient, config);
    await assertReads(transcoder, all, finite);
    await assertReads(memcacheClientTranscoder, all, finite);
    const set = without(all, MAP);
    assertEquals(await assertWrites(transcoder, set, inflate), set.cases.length);
  }
});

Deno.test("npmMemcacheTranscoder and memjsTranscoder read and write what the packages do", async () => {
  await assertReads(
    npmMemcacheTranscoder as Transcoder,
    memcache,
    ({ data }) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(data),
  );
  await assertWrites(npmMemcacheTranscoder as Transcoder, memcache);
  await assertReads(memjsTranscoder as Transcoder, memjs, ({ data }) => data);
  await assertWrites(memjsTranscoder as Transcoder, memjs);
});

Deno.test("the transcoders of npm's clients refuse what the packages refuse", () => {
  for (
    const value of [null, true, 5, 5n, [1], { a: 1 }, new Date(0), undefined, Symbol(), () => {}]
  ) {
    for (const { encode } of [npmMemcacheTranscoder, memjsTranscoder] as Transcoder[]) {
      assertThrows(() => encode(value), ValidationException, "has no format for");
    }
  }
  for (const bytes of [Uint8Array.of(0xff), Uint8Array.of(0xc3), Uint8Array.of(0xed, 0xa0, 0x80)]) {
    assertThrows(() => npmMemcacheTranscoder.encode(bytes), ValidationException, "not UTF-8");
  }
  const holder: unknown[] = [];
  holder.push(holder);
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  for (const { encode } of [npmMemcachedTranscoder, memcacheClientTranscoder] as Transcoder[]) {
    for (
      const value of [undefined, 5n, Symbol(), () => {}, holder, { toJSON: () => undefined }]
    ) {
      assertThrows(() => encode(value), ValidationException, "has no JSON");
    }
    assertThrows(() => encode(revoked.proxy), ValidationException, "it cannot be read");
  }
  assertThrows(
    () => memjsTranscoder.encode(null as never),
    ValidationException,
    "no format for null,",
  );
  for (
    const { encode } of [
      npmMemcachedTranscoder,
      memcacheClientTranscoder,
      npmMemcacheTranscoder,
      memjsTranscoder,
    ]
  ) {
    assertThrows(() => encode("\ud800"), ValidationException, "lone surrogate");
  }
});

/** What Node printed of a value. */
function valueOfOutcome(outcome: string, data: Uint8Array): unknown {
  const [type, ...rest] = outcome.split(" ");
  switch (type) {
    case "String":
      return new TextDecoder().decode(data);
    case "Buffer":
      return data;
    case "Number":
      return Number(rest[0]);
    case "Object":
      return JSON.parse(new TextDecoder().decode(data));
  }
  return undefined;
}

const READERS: Record<string, Transcoder> = {
  "npm memcached": npmMemcachedTranscoder,
  "npm memcache-client": memcacheClientTranscoder,
  "npm memcache": npmMemcacheTranscoder as Transcoder,
  "npm memjs": memjsTranscoder as Transcoder,
};

Deno.test("the transcoders of npm's clients read foreign items as the packages do", async () => {
  for (const [client, transcoder] of Object.entries(READERS)) {
    for (const { item, outcomes } of reads) {
      const outcome = outcomes.get(client) ?? "";
      const text = new TextDecoder().decode(item.data);
      const message = `${client}: ${item.flags} ${text}`;
      let expected = valueOfOutcome(outcome, item.data);
      // Where a package makes NaN or replacement characters of what is damaged, it is an error here.
      const isDamaged = Number.isNaN(expected) ||
        (text.includes("\ufffd") && !outcome.startsWith("Buffer fffe"));
      if (client === "npm memcached" && item.flags === 4 && text === "hé") {
        expected = Uint8Array.of(0x68, 0xe9);
      }
      const reading = async () => await transcoder.decode(item);
      if (expected === undefined || isDamaged) {
        await assertRejects(reading, ClientException, "Cannot read item", message);
      } else assertEquals(await reading(), expected, message);
    }
  }
});

Deno.test("npmMemcachedTranscoder escapes line breaks, and nothing else, in every value", () => {
  const { encode, decode } = npmMemcachedTranscoder;
  const texts: [string, string][] = [
    ["\r\n", "\\\r\\\n"],
    ["\\\n", "\\\\\n"],
    ["\\", "\\"],
    ["\\r\\n", "\\r\\n"],
    ["\n\n\r", "\\\n\\\n\\\r"],
  ];
  for (const [text, stored] of texts) {
    assertEquals(encode(text), { flags: 0, data: new TextEncoder().encode(stored) });
    assertEquals(decode(encode(text) as EncodedValue), text);
  }
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  assertEquals(decode(encode(bytes) as EncodedValue), bytes);
  const json = encode({ text: "\r\n\\" }) as EncodedValue;
  assertEquals(json, { flags: 2, data: new TextEncoder().encode('{"text":"\\r\\n\\\\"}') });
  const tooWide = { flags: 4, data: new TextEncoder().encode("€") };
  assertThrows(() => decode(tooWide), ClientException, "is not a byte");
});

Deno.test("memcacheClientTranscoder compresses from 100 characters or bytes on", async () => {
  const { encode, decode, longestText } = memcacheClientTranscoder({ compress: true });
  assertEquals(longestText, 99);
  assertEquals((await encode("é".repeat(99))).flags, 0);
  assertEquals((await encode("é".repeat(100))).flags, 1);
  assertEquals((await encode(new Uint8Array(99))).flags, 8);
  assertEquals((await encode(new Uint8Array(100))).flags, 9);
  assertEquals((await encode(["x".repeat(96)])).flags, 3);
  assertEquals((await encode(["x".repeat(95)])).flags, 2);
  const noise = crypto.getRandomValues(new Uint8Array(200));
  const item = await encode(noise);
  assertEquals(item.flags, 9);
  assertEquals(await decode(item), noise);
  assertEquals(
    await memcacheClientTranscoder.decode(await memcacheClientTranscoder.encode(true)),
    true,
  );
  const long = await encode("moecache".repeat(100_000));
  const reading = async () => await decode(long, { maxValueBytes: 799_999 });
  await assertRejects(reading, ClientException, "more than maxValueBytes");
  const damaged = { flags: 1, data: long.data.slice(0, -1) };
  await assertRejects(async () => await decode(damaged), ClientException, "not a whole zstd frame");
});

Deno.test("the transcoders of npm's clients refuse unknown options", () => {
  for (const make of [npmMemcachedTranscoder, npmMemcacheTranscoder, memjsTranscoder]) {
    assertEquals(typeof make().encode, "function");
    assertEquals(typeof make({}).encode, "function");
    assertThrows(() => make({ compress: true } as never), ValidationException, "Cannot use option");
  }
  for (const options of [{ compress: 1 }, { level: 3 }, null]) {
    assertThrows(
      () => memcacheClientTranscoder(options as never),
      ValidationException,
      "Cannot use",
    );
  }
  for (const flag of [2, 4, 8]) {
    assertThrows(() => compressed(npmMemcachedTranscoder, { flag }), ValidationException);
    assertThrows(() => compressed(memcacheClientTranscoder, { flag }), ValidationException);
  }
  assertThrows(() => compressed(memcacheClientTranscoder, { flag: 1 }), ValidationException);
});

Deno.test("the transcoders of npm's clients read a number that memcached counted", async () => {
  await using server = await MemcachedServer.listen();
  for (const transcoder of [npmMemcachedTranscoder, memcacheClientTranscoder]) {
    await using client = new Client(server.address, { transcoder });
    await client.set("count", 10);
    assertEquals(await client.decr("count"), 9n);
    assertEquals(await client.get("count"), 9);
  }
});
