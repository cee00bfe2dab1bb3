import { assertEquals } from "@std/assert";
import {
  decodeBase64,
  decodeLatin1,
  decodeUtf8,
  encodeBase64,
  encodeLatin1,
  encodeUtf8,
  escapeKey,
} from "../../src/testing/byte_text.ts";

Deno.test("decodeLatin1 and encodeLatin1 lose no byte", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  assertEquals(encodeLatin1(decodeLatin1(bytes)), bytes);
  assertEquals(decodeLatin1(bytes).charCodeAt(0x80), 0x80);
});

Deno.test("decodeLatin1 decodes more bytes than a call takes arguments", () => {
  assertEquals(decodeLatin1(new Uint8Array(1_000_001).fill(120)).length, 1_000_001);
});

const EVERY_BYTE = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));

Deno.test("escapeKey does not change letters, digits and -._~", () => {
  assertEquals(escapeKey("azAZ09-._~"), "azAZ09-._~");
  assertEquals(escapeKey("a b/%\n\xff\0"), "a%20b%2F%25%0A%FF%00");
  assertEquals(decodeURIComponent(escapeKey(EVERY_BYTE.slice(0, 128))), EVERY_BYTE.slice(0, 128));
});

Deno.test("decodeBase64 decodes what encodeBase64 encodes", () => {
  for (let length = 1; length <= 256; length++) {
    const key = EVERY_BYTE.slice(-length);
    assertEquals(decodeBase64(encodeBase64(key)), key);
  }
});

Deno.test("decodeBase64 passes over what is not base64, and stops at the first padding", () => {
  assertEquals(decodeBase64("Z-m_9 v!"), "foo");
  assertEquals(decodeBase64("YQ==Zm9v"), "a");
  assertEquals(decodeBase64("=AAA"), "\0\0");
});

Deno.test("decodeBase64 refuses what is cut short, empty or all padding", () => {
  for (const text of ["", "-", "Z", "Zg", "Zm9vZ", "====", "A===", "Zm9v===="]) {
    assertEquals(decodeBase64(text), undefined, text);
  }
});

Deno.test("encodeUtf8 and decodeUtf8 turn text into a character per byte and back", () => {
  assertEquals(encodeUtf8("aé€"), "a\xc3\xa9\xe2\x82\xac");
  assertEquals(decodeUtf8("a\xc3\xa9\xe2\x82\xac"), "aé€");
});
