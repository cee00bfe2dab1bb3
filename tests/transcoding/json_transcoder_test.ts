import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  ClientException,
  type EncodedValue,
  jsonTranscoder,
  type JsonTranscoderOptions,
  type Transcoder,
  ValidationException,
} from "../../mod.ts";

function encode(value: unknown, transcoder: Transcoder = jsonTranscoder): EncodedValue {
  return transcoder.encode(value) as EncodedValue;
}

function item(text: string, flags = 2): EncodedValue {
  return { flags, data: new TextEncoder().encode(text) };
}

Deno.test("jsonTranscoder gives back what JSON can hold", () => {
  const values = [null, true, 0, -1.5, "", "日本語 😀\r\n\0\ud800", [1, [2, {}]], {
    a: { b: ["c"] },
  }];
  for (const value of values) assertEquals(jsonTranscoder.decode(encode(value)), value);
  const own = JSON.parse('{"__proto__":1}');
  assertEquals(Object.keys(jsonTranscoder.decode(encode(own)) as object), ["__proto__"]);
});

Deno.test("jsonTranscoder.encode writes what JSON.stringify makes under flags 2", () => {
  const value = { date: new Date(0), nothing: undefined, nan: NaN, map: new Map([[1, 2]]) };
  assertEquals(encode(value), item('{"date":"1970-01-01T00:00:00.000Z","nan":null,"map":{}}'));
  assertEquals(encode("text"), item('"text"'));
});

Deno.test("jsonTranscoder.encode refuses what has no JSON", () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const toJSON = () => {
    throw new RangeError("no");
  };
  for (
    const value of [undefined, Promise.resolve(1), () => {}, Symbol("s"), 1n, [1n], cyclic, {
      toJSON,
    }]
  ) {
    assertThrows(() => encode(value), ValidationException, "Cannot store value: it has no JSON");
  }
});

Deno.test("jsonTranscoder.decode reads flags 2, and 0 as clients without flags write", () => {
  for (const flags of [2, 0]) assertEquals(jsonTranscoder.decode(item("[1]", flags)), [1]);
  assertStrictEquals(jsonTranscoder.decode(item("9 ", 0)), 9);
  for (const flags of [1, 3, 130, 256, 274, 0xfa52, 2 ** 32 - 1]) {
    const error = assertThrows(
      () => jsonTranscoder.decode(item("[1]", flags)),
      ClientException,
      `its flags are ${flags}`,
    );
    assertEquals(error.item, flags);
  }
});

Deno.test("jsonTranscoder.decode refuses what is not JSON", () => {
  for (const text of ["", "text", "{", "[1]]", "\ufeff1", "undefined", "NaN", "'a'"]) {
    assertThrows(() => jsonTranscoder.decode(item(text)), ClientException, "it is not JSON");
  }
  const data = Uint8Array.of(0x22, 0xff, 0x22);
  assertThrows(() => jsonTranscoder.decode({ flags: 2, data }), ClientException, "it is not JSON");
  const deep = jsonTranscoder.decode(item("[".repeat(100_000) + "]".repeat(100_000)));
  assertEquals(Array.isArray(deep), true);
});

Deno.test("jsonTranscoder takes flags, a replacer and a reviver", () => {
  const transcoder = jsonTranscoder({
    flags: 6,
    replacer: (_, value) => typeof value === "bigint" ? `${value}n` : value,
    reviver: (_, value) => /^\d+n$/.test(`${value}`) ? BigInt(`${value}`.slice(0, -1)) : value,
  });
  const encoded = encode({ id: 2n ** 70n }, transcoder);
  assertEquals(encoded, item('{"id":"1180591620717411303424n"}', 6));
  assertEquals(transcoder.decode(encoded), { id: 2n ** 70n });
  assertThrows(() => transcoder.decode(item("1", 2)), ClientException, "its flags are 2");
});

Deno.test("jsonTranscoder says that a reviver's or replacer's error is the value's", () => {
  const fail = () => {
    throw new RangeError("no");
  };
  const transcoder = jsonTranscoder({ replacer: fail, reviver: fail });
  assertThrows(() => encode(1, transcoder), ValidationException);
  assertThrows(() => transcoder.decode(item("1")), ClientException);
});

Deno.test("jsonTranscoder refuses invalid options", () => {
  const invalid: Record<string, unknown>[] = [
    { flags: -1 },
    { flags: 2 ** 32 },
    { flags: "2" },
    { flags: 0x6d6f6500 },
    { flags: 0x6d6f65ff },
    { replacer: ["a"] },
    { reviver: null },
  ];
  for (const options of invalid) {
    const make = () => jsonTranscoder(options as JsonTranscoderOptions);
    assertThrows(make, ValidationException, `Cannot use ${Object.keys(options)[0]}`);
  }
});

Deno.test("jsonTranscoder takes values of its type parameter", () => {
  const transcoder: Transcoder<{ name: string }> = jsonTranscoder<{ name: string }>();
  const { name } = transcoder.decode(item('{"name":"Ada"}')) as { name: string };
  assertEquals(name, "Ada");
  // @ts-expect-error: a number is no user.
  transcoder.encode(5);
});
