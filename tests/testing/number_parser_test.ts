import { assertEquals } from "@std/assert";
import { parseInt32, parseUint32, parseUint64 } from "../../src/testing/number_parser.ts";

Deno.test("parseUint64 reads what strtoull reads", () => {
  const cases: [string, bigint | undefined][] = [
    ["0", 0n],
    ["12", 12n],
    ["+12", 12n],
    [" \t\r\n12", 12n],
    ["12 and more", 12n],
    ["12\0x", 12n],
    ["000000000000000000000000012", 12n],
    ["18446744073709551615", 2n ** 64n - 1n],
    ["18446744073709551616", undefined],
    ["9".repeat(100_000), undefined],
    ["-1", undefined],
    ["-18446744073709551615", 1n],
    ["-18446744073709551616", undefined],
    ["18446744073709551615 -", undefined],
    ["", undefined],
    ["x", undefined],
    ["12x", undefined],
    ["0x10", undefined],
    ["1.5", undefined],
    ["- 1", undefined],
    ["--1", undefined],
    ["+", undefined],
  ];
  for (const [text, expected] of cases) {
    assertEquals(parseUint64(text), expected, text.slice(0, 40));
  }
});

Deno.test("parseUint32 keeps the low 32 bits", () => {
  assertEquals(parseUint32("7"), 7);
  assertEquals(parseUint32("4294967295"), 4294967295);
  assertEquals(parseUint32("4294967297"), 1);
  assertEquals(parseUint32("18446744073709551616"), undefined);
  assertEquals(parseUint32("-1"), undefined);
  assertEquals(parseUint32("x"), undefined);
});

Deno.test("parseInt32 keeps the low 32 bits with their sign", () => {
  assertEquals(parseInt32("7"), 7);
  assertEquals(parseInt32("-7"), -7);
  assertEquals(parseInt32("2147483648"), -2147483648);
  assertEquals(parseInt32("4294967296"), 0);
  assertEquals(parseInt32("9223372036854775807"), -1);
  assertEquals(parseInt32("9223372036854775808"), undefined);
  assertEquals(parseInt32("-9223372036854775808"), 0);
  assertEquals(parseInt32("-9223372036854775809"), undefined);
  assertEquals(parseInt32("x"), undefined);
});
