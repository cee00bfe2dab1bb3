import { assertEquals } from "@std/assert";
import { decodeLatin1, encodeLatin1 } from "../../src/testing/latin1.ts";

Deno.test("decodeLatin1 and encodeLatin1 lose no byte", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  assertEquals(encodeLatin1(decodeLatin1(bytes)), bytes);
  assertEquals(decodeLatin1(bytes).charCodeAt(0x80), 0x80);
});

Deno.test("decodeLatin1 decodes more bytes than a call takes arguments", () => {
  assertEquals(decodeLatin1(new Uint8Array(1_000_001).fill(120)).length, 1_000_001);
});
