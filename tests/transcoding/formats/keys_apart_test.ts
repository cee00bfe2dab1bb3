/** Keys of maps that are two in one language and one in the other: a value would be lost without a word. */

import { assertEquals, assertThrows } from "@std/assert";
import { ClientException, ValidationException } from "../../../mod.ts";
import { readMarshal } from "../../../src/transcoding/formats/dalli/read_marshal.ts";
import { writeMarshal } from "../../../src/transcoding/formats/dalli/write_marshal.ts";
import { readJava } from "../../../src/transcoding/formats/java/read_java.ts";
import { writeJava } from "../../../src/transcoding/formats/java/write_java.ts";
import { readStorable } from "../../../src/transcoding/formats/perl/read_storable.ts";
import { writeStorable } from "../../../src/transcoding/formats/perl/write_storable.ts";
import { readIgbinary, writeIgbinary } from "../../../src/transcoding/formats/php/igbinary.ts";
import {
  readPhpMsgpack,
  writePhpMsgpack,
} from "../../../src/transcoding/formats/php/php_msgpack.ts";
import { readSerialized } from "../../../src/transcoding/formats/php/read_serialized.ts";
import { writeSerialized } from "../../../src/transcoding/formats/php/write_serialized.ts";
import { readBson } from "../../../src/transcoding/formats/read_bson.ts";
import { writeBson } from "../../../src/transcoding/formats/write_bson.ts";
import { fromBase64 } from "./foreign_sets.ts";

type Language = "java" | "ruby" | "perl";
type Items = Readonly<Record<string, string>>;

const VECTORS: {
  readonly same: Readonly<Record<Language, Items>>;
  readonly apart: Readonly<Record<"java" | "ruby", Items>>;
} = JSON.parse(
  await Deno.readTextFile(new URL("../../vectors/keys_that_differ.json", import.meta.url)),
);

const READERS = { java: readJava, ruby: readMarshal, perl: readStorable } as const;

for (const [language, items] of Object.entries(VECTORS.same)) {
  Deno.test(`keys that ${language} tells apart and JavaScript does not are an error`, () => {
    for (const [name, base64] of Object.entries(items)) {
      const read = () => READERS[language as Language](fromBase64(base64));
      const error = assertThrows(read, ClientException, "in JavaScript", name);
      const isSet = name.toLowerCase().startsWith("set");
      assertEquals(
        error.message.includes(isSet ? "a set has two items" : "a map has two keys"),
        true,
      );
    }
  });
}

Deno.test("keys that both languages tell apart are read as they are", () => {
  const java = (name: string) => readJava(fromBase64(VECTORS.apart.java[name] ?? ""));
  const ruby = (name: string) => readMarshal(fromBase64(VECTORS.apart.ruby[name] ?? ""));
  const keys = [1, "1", 1.5, true, 2n ** 60n, 2 ** 60, null];
  assertEquals(java("apart"), new Map(keys.map((key, index) => [key, `v${index}`])));
  assertEquals(java("lists"), new Map([[[1], "v0"], [[1], "v1"]]));
  assertEquals(
    ruby("apart"),
    new Map<unknown, number>([
      ...[[1, 1], ["1", 2], [Symbol.for("1"), 3]] as const,
      ...[[null, 4], [1.5, 5], [2n ** 70n, 6]] as const,
    ]),
  );
  assertEquals(
    ruby("bytes"),
    new Map<unknown, number>([["é", 1], [Uint8Array.of(0xc3, 0xa9), 2]]),
  );
});

Deno.test("a document of BSON that has a key twice is an error", () => {
  const twice = Uint8Array.of(19, 0, 0, 0, 16, 97, 0, 1, 0, 0, 0, 16, 97, 0, 2, 0, 0, 0, 0);
  assertThrows(() => readBson(twice, false), ClientException, 'two keys that are both "a"');
});

Deno.test("the name of a property of PHP's that is not UTF-8 is read as bytes", () => {
  const object = new Map<unknown, number>([[Uint8Array.of(0xff), 1], ["a", 2]]);
  const php = "Tzo4OiJzdGRDbGFzcyI6Mjp7czoxOiL/IjtpOjE7czoxOiJhIjtpOjI7fQ==";
  assertEquals(readSerialized(fromBase64(php)), object);
  assertEquals(readIgbinary(fromBase64("AAAAAhcIc3RkQ2xhc3MUAhEB/wYBEQFhBgI=")), object);
  assertEquals(readPhpMsgpack(fromBase64("g8Coc3RkQ2xhc3Oh/wGhYQI=")), object);
});

const bytes = (text: string) => new TextEncoder().encode(text);

type Writer = readonly [language: string, write: (map: object) => unknown, pairs: unknown[][]];

const WRITERS: readonly Writer[] = [
  ["Java", writeJava, [
    [1, 1n],
    [new Date(5), new Date(5)],
    [[1, "a"], [1n, "a"]],
    [new Map([["a", 1]]), { a: 1 }],
    [new Set([1, 2]), new Set([2, 1])],
  ]],
  ["Ruby", writeMarshal, [
    [1, 1n],
    ["a", bytes("a")],
    [Uint8Array.of(0xff), Uint8Array.of(0xff)],
    [[[null]], [[null]]],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }],
  ]],
  ["Perl", writeStorable, [[1, "1"], [1n, 1], [0.5, "0.5"]]],
  ["BSON", writeBson, [[1, "1"], [1n, 1]]],
  ["PHP", writeSerialized, [[1, "1"], ["1", bytes("1")], ["é", bytes("é")]]],
  ["PHP", writeIgbinary, [[1, "1"], [Uint8Array.of(0xff), Uint8Array.of(0xff)]]],
  ["PHP", writePhpMsgpack, [[1, 1n], ["a", bytes("a")]]],
];

for (const [language, write, pairs] of WRITERS) {
  Deno.test(`${write.name} refuses keys that are one in ${language}`, () => {
    for (const keys of pairs) {
      const map = new Map(keys.map((key) => [key, 0]));
      const error = assertThrows(() => write(map), ValidationException, `in ${language}`);
      assertEquals(error.message.includes("two keys that are both"), true);
      // Lists of the same keys lose nothing.
      if (language !== "BSON") write(keys);
    }
  });
}

Deno.test("writeJava refuses items of a Set that are one in Java", () => {
  assertThrows(
    () => writeJava(new Set([1, 1n])),
    ValidationException,
    'two items that are both "1"',
  );
  assertEquals(readJava(writeJava(new Set([1, "1", 1.5]))), new Set([1, "1", 1.5]));
});

Deno.test("maps within keys are compared in a time that is proportional to their size", () => {
  let key: unknown = "a";
  for (let level = 0; level < 900; level++) key = new Map([[key, level], [[key], level]]);
  readJava(writeJava([key]));
  readMarshal(writeMarshal([key]));
  const itself: unknown[] = [];
  itself.push(itself);
  writeJava(new Map([[itself, 1], [[itself], 2]]));
});
