import { assertEquals } from "@std/assert";
import { ByteBuffer } from "../../src/testing/byte_buffer.ts";

Deno.test("ByteBuffer gives back what was appended, once", () => {
  const buffer = new ByteBuffer();
  buffer.appendText("a\xff");
  buffer.append(Uint8Array.of(1, 2));
  assertEquals(buffer.byteLength, 4);
  assertEquals(buffer.peek(), Uint8Array.of(97, 255, 1, 2));
  assertEquals(buffer.take(), Uint8Array.of(97, 255, 1, 2));
  assertEquals(buffer.byteLength, 0);
  assertEquals(buffer.take(), Uint8Array.of());
});

Deno.test("ByteBuffer grows, and shrinks when it is taken", () => {
  const buffer = new ByteBuffer();
  for (let index = 0; index < 1000; index++) buffer.append(new Uint8Array(1000).fill(index));
  assertEquals(buffer.take().byteLength, 1_000_000);
  buffer.append(Uint8Array.of(1));
  assertEquals(buffer.take().buffer.byteLength, 4096);
});
