import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ClientException, type Transcoder, ValidationException } from "../../../mod.ts";
import {
  perlMemcachedTranscoder,
  type PerlMemcachedTranscoderOptions,
} from "../../../src/transcoding/formats/perl/mod.ts";
import { readStorable } from "../../../src/transcoding/formats/perl/read_storable.ts";
import { writeStorable } from "../../../src/transcoding/formats/perl/write_storable.ts";
import { decompress } from "../../../src/transcoding/compression.ts";
import {
  assertReads,
  type ForeignCase,
  type ForeignSet,
  latin1,
  readForeign,
  textIfUtf8,
  valueOf,
} from "./foreign_sets.ts";

const CONFIGURATIONS: Readonly<Record<string, PerlMemcachedTranscoderOptions>> = {
  default: {},
  compress: { compressThreshold: 200 },
  "utf8-compress": { utf8: true, compressThreshold: 200 },
};

const sets = await readForeign("perl-cache-memcached", "perl-cache-memcached-fast");

function transcoderOf({ config }: ForeignSet): Transcoder {
  return perlMemcachedTranscoder(CONFIGURATIONS[config]);
}

/** Perl has text for numbers, and no booleans; what freezes has integers. */
function expectedOf({ id, value }: ForeignCase): unknown {
  if (value.type === "none") return ""; // the Fast client stores nothing for undef
  if (value.type === "int") return String(value.value);
  if (value.type === "float") return textOfFloat(Number(valueOf(value)));
  return valueOf(value, {
    bytes: textIfUtf8,
    boolean: Number,
    number: (it) => Number.isInteger(it) ? it : String(it),
    dict: (pairs) => Object.fromEntries(pairs.map(([key, item]) => [String(key), item])),
  }, id);
}

function textOfFloat(value: number): string {
  if (value === 5e-324) return "4.94065645841247e-324";
  if (Number.isFinite(value)) return String(value);
  return String(value).replace("Infinity", "Inf");
}

/** What was compressed, or not marked as UTF-8, is in ISO 8859-1 where all characters are: that reads as bytes. */
async function isLatin1({ value, flags, data }: ForeignCase): Promise<boolean> {
  if (value.type !== "str" || (flags & 1) !== 0) return false;
  const bytes = (flags & 2) === 0 ? data : await decompress(data, false, 1e6);
  return typeof textIfUtf8(bytes) !== "string";
}

for (const set of sets) {
  Deno.test(`perlMemcachedTranscoder reads what Perl wrote: ${set.config}`, async () => {
    const latin = await Promise.all(set.cases.map(isLatin1));
    await assertReads(transcoderOf(set), set, (foreign) => {
      const expected = expectedOf(foreign);
      return latin[set.cases.indexOf(foreign)] ? latin1(String(expected)) : expected;
    });
  });

  Deno.test(`perlMemcachedTranscoder writes what Perl writes: ${set.config}`, async () => {
    const transcoder = transcoderOf(set);
    for (const foreign of set.cases) {
      const { id, value, flags, data } = foreign;
      if (id === "null" || await isLatin1(foreign)) continue;
      const item = await transcoder.encode(valueOf(value));
      assertEquals(item.flags, flags, id);
      const ours = (flags & 2) === 0 ? item.data : await decompress(item.data, false, 1e6);
      const theirs = (flags & 2) === 0 ? data : await decompress(data, false, 1e6);
      // Perl's hashes have no order: what is written is what reads the same.
      if (value.type === "dict" || id === "map-records") {
        assertEquals(readStorable(ours), readStorable(theirs), id);
        assertEquals(ours.length, theirs.length, id);
      } else assertEquals(ours, theirs, id);
    }
  });
}

const HEADER = "\x05\x0b";

/** What Storable froze that is not plain data, and what the message has to name. */
const REFUSED: [string, string][] = [
  ["\x11\x03Foo\x03\0\0\0\0", '"Foo"'],
  ["\x02\0\0\0\x01\x04\x11\x03Foo\x02\0\0\0\0", '"Foo"'],
  ["\x14\x11\x03Foo\x03\0\0\0\0", '"Foo"'],
  ["\x13\x01\x03Foo\0\0", '"Foo"'],
  ["\x12\0\x03\0\0\0\0", "a blessed object"],
  ["\x1a\x0a\x04code", "a sub"],
  ["\x20\0\x01a\0", "Regexp"],
  ["\x0b\x03\0\0\0\0", "a tied array"],
  ["\x0c\x03\0\0\0\0", "a tied hash"],
];

/** What is broken, or made to take more than it is worth. */
const HOSTILE: Readonly<Record<string, string>> = {
  "no bytes": "",
  "another version": "\x07\x0b\x05",
  "another machine": "\x04\x0b\x0887654321\x04\x08\x08\x08\x05",
  "no value": HEADER,
  "two values": `${HEADER}\x05\x05`,
  "an array of a billion": `${HEADER}\x02\x3f\xff\xff\xff`,
  "a hash of a billion": `${HEADER}\x03\x3f\xff\xff\xff`,
  "a string of a billion": `${HEADER}\x01\x3f\xff\xff\xff`,
  "a reference to nothing": `${HEADER}\0\0\0\0\x05`,
  "a reference to itself": `${HEADER}\x04\0\0\0\0\0`,
  "a hundred thousand references": HEADER + "\x04".repeat(100_000),
  "a hundred thousand arrays": HEADER + "\x02\0\0\0\x01".repeat(100_000),
  "a hundred thousand hashes": HEADER + "\x03\0\0\0\x01".repeat(100_000),
  "a hundred thousand version strings": HEADER + "\x1d\0".repeat(100_000),
  "a string of no UTF-8": `${HEADER}\x17\x01\xff`,
  "an unknown type": `${HEADER}\x7f`,
};

Deno.test("perlMemcachedTranscoder names what is not plain data", () => {
  for (const [frozen, name] of REFUSED) {
    const item = { flags: 1, data: latin1(HEADER + frozen) };
    assertThrows(() => perlMemcachedTranscoder.decode(item), ClientException, name);
  }
});

Deno.test("perlMemcachedTranscoder refuses what is broken or hostile, at once", () => {
  for (const [name, frozen] of Object.entries(HOSTILE)) {
    const item = { flags: 1, data: latin1(frozen) };
    assertThrows(() => perlMemcachedTranscoder.decode(item), ClientException, undefined, name);
  }
});

Deno.test("perlMemcachedTranscoder reads and writes what holds itself, and what is held twice", () => {
  const list: unknown[] = [1];
  const record = { list, twice: [list, list] };
  list.push(record);
  const read = readStorable(writeStorable(list)) as [number, typeof record];
  assertEquals(read[1].list === read, true);
  assertEquals([read[1].twice[0] === read, read[1].twice[1] === read], [true, true]);
});

Deno.test("perlMemcachedTranscoder reads and writes values nested a thousand levels deep", () => {
  let value: unknown = "deep";
  for (let level = 0; level < 1000; level++) value = level % 2 === 0 ? [value] : { a: value };
  assertEquals(JSON.stringify(readStorable(writeStorable(value))), JSON.stringify(value));
  assertThrows(() => writeStorable([value]), ValidationException, "nested deeper");
});

Deno.test("perlMemcachedTranscoder says what it cannot store, and where", () => {
  const refused: [unknown, string][] = [
    [null, "undef"],
    [undefined, "undefined"],
    [{ a: [new Date(0)] }, 'a Date at "a[0]"'],
    [new Set(), "a Set"],
    [[Symbol.for("a")], "a symbol"],
    [new Map([[null, 1]]), "neither a string nor a number"],
    ["\ud800", "lone surrogate"],
  ];
  for (const [value, message] of refused) {
    assertThrows(() => perlMemcachedTranscoder.encode(value), ValidationException, message);
  }
});

Deno.test("perlMemcachedTranscoder refuses foreign flags, damaged bytes and bombs", async () => {
  for (const flags of [8, 16, 274, 0x80000000]) {
    const item = { flags, data: latin1("a") };
    assertThrows(() => perlMemcachedTranscoder.decode(item), ClientException, String(flags));
  }
  const transcoder = perlMemcachedTranscoder({ compressThreshold: 100 });
  const { flags, data } = await transcoder.encode("a".repeat(100_000));
  const decode = async () => await transcoder.decode({ flags, data }, { maxValueBytes: 1000 });
  await assertRejects(decode, ClientException, "1000");
});

Deno.test("perlMemcachedTranscoder checks its options", () => {
  for (const options of [{ utf8: 1 }, { compressThreshold: -1 }, { threshold: 1 }, 5]) {
    const make = () => perlMemcachedTranscoder(options as PerlMemcachedTranscoderOptions);
    assertThrows(make, ValidationException);
  }
});
