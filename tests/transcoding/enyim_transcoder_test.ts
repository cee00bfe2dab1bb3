import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import {
  ClientException,
  moecacheTranscoder,
  type Transcoder,
  ValidationException,
} from "../../mod.ts";
import {
  DotNetValue,
  enyimTranscoder,
  type EnyimTranscoderOptions,
} from "../../src/transcoding/mod.ts";
import type { EncodedValue } from "../../mod.ts";
import {
  assertDotNet,
  type DotNetPortable,
  type EnyimVectors,
  fractionOf,
  integerOf,
  millisecondsOf,
} from "./enyim/vectors.ts";
import { fromHex, readVectors, toHex } from "./pickle/vectors.ts";

const vectors = await readVectors<EnyimVectors>("enyim_values.json");

const INTEGERS: ReadonlySet<string> = new Set([
  "sbyte",
  "byte",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
]);

function encode(value: unknown, transcoder: Transcoder = enyimTranscoder): EncodedValue {
  return transcoder.encode(value) as EncodedValue;
}

function decode(flags: number, hex: string): unknown {
  return enyimTranscoder.decode({ flags, data: fromHex(hex) });
}

function assertEncodes(encoded: EncodedValue, flags: number, hex: string): void {
  assertEquals([encoded.flags, toHex(encoded.data)], [flags, hex]);
}

Deno.test("enyimTranscoder.decode reads what EnyimMemcached wrote", () => {
  for (const { flags, hex, decodesTo } of vectors.encode) {
    if (flags === 257) {
      assertThrows(() => decode(flags, hex), ClientException, "it holds a .NET object");
    } else assertDotNet(decode(flags, hex), decodesTo);
  }
});

Deno.test("enyimTranscoder.decode reads what EnyimMemcached reads, and refuses what it refuses", () => {
  for (const { flags, hex, outcome, invalidUtf8 } of vectors.decode) {
    const { returns } = outcome;
    // Where EnyimMemcached makes replacement characters of a string, it is an error here.
    const isBadText = invalidUtf8 && returns?.type === "string";
    if (returns === undefined || isBadText) {
      assertThrows(
        () => decode(flags, hex),
        ClientException,
        "Cannot read item",
        `${flags} ${hex}`,
      );
    } else assertDotNet(decode(flags, hex), returns);
  }
});

/** What to write so that EnyimMemcached's bytes come of it: the value, and options where it takes some. */
function writable(value: DotNetPortable): { value: unknown; options?: EnyimTranscoderOptions } {
  const { type } = value;
  if (INTEGERS.has(type)) {
    return { value: new DotNetValue(type as DotNetValue["type"], integerOf(value)) };
  }
  switch (type) {
    case "null":
      return { value: null };
    case "char":
      return { value: new DotNetValue("char", String.fromCharCode(value.codeUnit!)) };
    case "float":
      return { value: new DotNetValue("single", fractionOf(value)) };
    case "double":
      return { value: new DotNetValue("double", fractionOf(value)) };
    case "bytes":
      return { value: fromHex(value.hex!) };
    case "datetime": {
      const dates = value.kind!.toLowerCase() as NonNullable<EnyimTranscoderOptions["dates"]>;
      return { value: new Date(millisecondsOf(value)), options: { dates } };
    }
    default:
      return { value: value.value };
  }
}

Deno.test("enyimTranscoder.encode writes the bytes that EnyimMemcached writes", () => {
  let written = 0;
  for (const vector of vectors.encode) {
    const { flags, hex } = vector;
    if (flags === 257) continue;
    const portable = vector.value.type === "object" ? vector.decodesTo : vector.value;
    const { value, options } = writable(portable);
    const isBadText = typeof value === "string" && !value.isWellFormed();
    const isBelowMilliseconds = portable.type === "datetime" &&
      !portable.utcTicks!.endsWith("0000");
    if (isBadText) assertThrows(() => encode(value), ValidationException, "lone surrogate");
    else if (portable.type === "datetime" && isBelowMilliseconds) {
      const rounded = decode(flags, toHex(encode(value, enyimTranscoder(options)).data));
      assertEquals(rounded, value);
    } else {
      written++;
      assertEncodes(encode(value, enyimTranscoder(options)), flags, hex);
    }
  }
  assert(written > 100);
});

Deno.test("enyimTranscoder.encode chooses the types that C# gives such literals", () => {
  const expected: [unknown, number, string][] = [
    [5, 265, "05000000"],
    [-1, 265, "ffffffff"],
    [2 ** 31 - 1, 265, "ffffff7f"],
    [2 ** 31, 267, "0000008000000000"],
    [-(2 ** 31) - 1, 267, "ffffff7fffffffff"],
    [Number.MAX_SAFE_INTEGER, 267, "ffffffffffff1f00"],
    [2 ** 53, 270, "0000000000004043"],
    [-0, 270, "0000000000000080"],
    [1.5, 270, "000000000000f83f"],
    [NaN, 270, "000000000000f8ff"],
    [5n, 267, "0500000000000000"],
    [2n ** 63n, 268, "0000000000000080"],
    [2n ** 64n - 1n, 268, "ffffffffffffffff"],
    [true, 259, "01"],
    [null, 258, ""],
    ["é", 274, "c3a9"],
    [new Date(0), 272, "0080b5f7f57f9f48"],
  ];
  for (const [value, flags, hex] of expected) assertEncodes(encode(value), flags, hex);
});

Deno.test("enyimTranscoder takes options for numbers and dates", () => {
  assertEncodes(encode(5, enyimTranscoder({ integers: "int64" })), 267, "0500000000000000");
  assertEncodes(encode(5, enyimTranscoder({ integers: "byte" })), 262, "05");
  assertEncodes(encode(5, enyimTranscoder({ integers: "double" })), 270, "0000000000001440");
  assertEncodes(encode(1.5, enyimTranscoder({ fractions: "single" })), 269, "0000c03f");
  assertEncodes(encode(5, enyimTranscoder({ fractions: "single" })), 265, "05000000");
  const epoch = new Date(0);
  assertEncodes(encode(epoch, enyimTranscoder({ dates: "local" })), 272, "0080b5f7f57f9f88");
  assertEncodes(encode(epoch, enyimTranscoder({ dates: "unspecified" })), 272, "0080b5f7f57f9f08");
});

Deno.test("enyimTranscoder refuses options that name no type", () => {
  const invalid: Record<string, unknown>[] = [
    { integers: "long" },
    { integers: "toString" },
    { fractions: "int32" },
    { dates: "UTC" },
    { dates: null },
  ];
  for (const options of invalid) {
    const make = () => enyimTranscoder(options as EnyimTranscoderOptions);
    assertThrows(make, ValidationException, `Cannot use ${Object.keys(options)[0]}`);
  }
});

Deno.test("enyimTranscoder.encode refuses what has no type code, or does not fit it", () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const typed = (type: string, value: unknown) => new DotNetValue(type as "char", value as "a");
  const unfit: unknown[] = [
    undefined,
    {},
    [1],
    new Map(),
    Symbol("s"),
    () => {},
    new Uint16Array(1),
    new Date(NaN),
    new Date(-62_135_596_800_001),
    new Date(253_402_300_800_000),
    2n ** 64n,
    -(2n ** 63n) - 1n,
    revoked.proxy,
    new Proxy(new Uint8Array(1), {}),
    new Proxy(new Date(0), {}),
    Object.create(Uint8Array.prototype),
    Object.create(Date.prototype),
    typed("char", "ab"),
    typed("char", ""),
    typed("char", 65),
    typed("byte", 256),
    typed("byte", -1),
    typed("int32", 1.5),
    typed("int64", 2 ** 53),
    typed("uint64", -1n),
    typed("single", 1e39),
    typed("double", 2n ** 53n + 1n),
    typed("int32", "5"),
    typed("decimal", 5),
    typed("__proto__", 5),
  ];
  for (const value of unfit) {
    assertThrows(() => encode(value), ValidationException, "Cannot store value");
  }
  for (const integers of ["byte", "int16", "int32", "uint64"] as const) {
    assertThrows(() => encode(-(2 ** 40), enyimTranscoder({ integers })), ValidationException);
  }
  assertThrows(() => encode(1e39, enyimTranscoder({ fractions: "single" })), ValidationException);
});

Deno.test("enyimTranscoder.decode names the class of an object that BinaryFormatter wrote", () => {
  const objects = vectors.encode.filter(({ name }) =>
    ["decimal", "Guid", "TimeSpan"].includes(name)
  );
  assertEquals(objects.length, 3);
  const classes = ["System.Decimal", "System.Guid", "System.TimeSpan"];
  objects.forEach(({ flags, hex }, i) => {
    assertThrows(() => decode(flags, hex), ClientException, `of class "${classes[i]}"`);
  });
  const header = "0001000000ffffffff01000000000000000c02000000";
  const ofLibrary = `${header}034c69620501000000074d792e55736572`;
  assertThrows(() => decode(257, ofLibrary), ClientException, `of class "My.User"`);
  for (let length = 0; length < ofLibrary.length; length += 2) {
    assertThrows(() => decode(257, ofLibrary.slice(0, length)), ClientException, "a .NET object");
  }
});

Deno.test("enyimTranscoder.decode reads the strings and nothing else of Python moecache", () => {
  const text = moecacheTranscoder.encode("text") as EncodedValue;
  assertEquals(enyimTranscoder.decode(text), "text");
  const pickle = moecacheTranscoder.encode([1]) as EncodedValue;
  assertThrows(() => enyimTranscoder.decode(pickle), ClientException, "not UTF-8");
});

Deno.test("enyimTranscoder.decode reads DateTimes by their kind", () => {
  assertEquals(decode(272, "0080b5f7f57f9f48"), new Date(0));
  assertEquals(decode(272, "0080b5f7f57f9fc8"), new Date(0));
  // Beyond the year 9999 in UTC, as the last moments of it are west of Greenwich.
  const local = enyimTranscoder({ dates: "local" }).encode(new Date("9999-12-31T23:00:00Z"));
  const late = new DataView((local as EncodedValue).data.buffer);
  late.setBigUint64(0, late.getBigUint64(0, true) + 3n * 36_000_000_000n, true);
  assertEquals(
    enyimTranscoder.decode(local as EncodedValue),
    new Date("+010000-01-01T02:00:00.000Z"),
  );
  assertThrows(() => decode(272, "004037f47528ca2b"), ClientException, "after the year 9999");
});

Deno.test("enyimTranscoder keeps no view of the bytes it is given", () => {
  const bytes = Uint8Array.of(1, 2);
  const { data } = encode(bytes);
  const decoded = enyimTranscoder.decode({ flags: 0xfa52, data: bytes });
  bytes.fill(9);
  assertEquals([data, decoded], [Uint8Array.of(1, 2), Uint8Array.of(1, 2)]);
});

Deno.test("enyimTranscoder and what it makes are transcoders of the same kind", () => {
  for (const { textFlags, borrowsData, handsOverData } of [enyimTranscoder, enyimTranscoder()]) {
    assertEquals([textFlags, borrowsData, handsOverData], [274, true, true]);
  }
  assertStrictEquals(enyimTranscoder().decode(encode(-0)), -0);
  assertMatch(String(assertThrows(() => decode(264, "01"))), /a System.UInt16 takes 2 bytes/);
});
