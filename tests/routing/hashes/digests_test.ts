import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { md5, MD5_WORD } from "../../../src/routing/hashes/md5.ts";
import { sha1 } from "../../../src/routing/hashes/sha1.ts";
import { swapBytes } from "../../../src/routing/hashes/text_hash.ts";

const TEXTS = [
  ...Array.from({ length: 260 }, (_, length) => "0123456789abcdef~!".repeat(15).slice(0, length)),
  "ключ",
  "\u{1f600}",
  "a".repeat(100_000),
];

/** The digest's bytes, read as words with the first byte lowest or highest. */
function expected(name: string, text: string, lowest: boolean): number[] {
  const { buffer } = Uint8Array.from(createHash(name).update(text).digest());
  const view = new DataView(buffer);
  return Array.from({ length: view.byteLength / 4 }, (_, i) => view.getUint32(i * 4, lowest));
}

Deno.test("md5 and MD5_WORD hash texts of every length around its blocks as the platform does", () => {
  const words = new Uint32Array(4);
  for (const text of TEXTS) {
    md5(text, words);
    assertEquals(Array.from(words), expected("md5", text, true), text.slice(0, 300));
    assertEquals(MD5_WORD.hash(text), words[0]);
  }
});

Deno.test("sha1 hashes texts of every length around its blocks as the platform does", () => {
  const words = new Uint32Array(5);
  for (const text of TEXTS) {
    sha1(text, words);
    assertEquals(Array.from(words), expected("sha1", text, false), text.slice(0, 300));
  }
});

Deno.test("swapBytes turns four bytes round", () => {
  assertEquals(swapBytes(0x01020304), 0x04030201);
  assertEquals(swapBytes(0x000000ff), 0xff000000);
});
