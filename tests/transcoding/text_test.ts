import { assertEquals, assertThrows } from "@std/assert";
import { decodeUtf8 } from "../../src/transcoding/text.ts";

Deno.test("decodeUtf8 decodes all text, replacement characters and byte order marks included", () => {
  for (
    const text of [
      "",
      "a",
      "ä",
      "日本語",
      "😀",
      "\ufffd",
      "a\ufffdb",
      "\ufeffa",
      "x".repeat(10_000),
    ]
  ) {
    assertEquals(decodeUtf8(new TextEncoder().encode(text)), text);
  }
});

Deno.test("decodeUtf8 refuses what is not UTF-8", () => {
  const faulty = [[0x80], [0xc0, 0x80], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [
    0xff,
  ]];
  for (const bytes of faulty) {
    assertThrows(() => decodeUtf8(Uint8Array.from([0x61, ...bytes])), TypeError);
  }
});
