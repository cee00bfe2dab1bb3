import { assert, assertEquals } from "@std/assert";
import { BufferPool, ByteBuffer } from "../../src/testing/buffers.ts";

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

Deno.test("ByteBuffer grows, and is empty when it was released", () => {
  const buffer = new ByteBuffer();
  for (let index = 0; index < 1000; index++) buffer.append(new Uint8Array(1000).fill(index));
  assertEquals(buffer.take().byteLength, 1_000_000);
  buffer.appendText("a");
  buffer.release();
  assertEquals(buffer.byteLength, 0);
  buffer.append(Uint8Array.of(1));
  assertEquals(buffer.take(), Uint8Array.of(1));
});

Deno.test("ByteBuffer takes memory when it needs some, and gives it back", () => {
  const pool = new BufferPool();
  const buffer = new ByteBuffer(pool);
  assertEquals([pool.count, pool.byteLength], [0, 0]);
  buffer.append(new Uint8Array(5000));
  assertEquals([pool.count, pool.byteLength, pool.freeByteLength], [1, 8192, 0]);
  buffer.append(new Uint8Array(5000));
  assertEquals([pool.count, pool.freeByteLength], [2, 8192]);
  buffer.release();
  assertEquals(pool.freeByteLength, pool.byteLength);
});

Deno.test("BufferPool reuses buffers, and keeps at most 4 MiB", () => {
  const pool = new BufferPool();
  const buffers = Array.from({ length: 100 }, () => pool.take(64 * 1024));
  assertEquals(pool.byteLength, 100 * 64 * 1024);
  for (const buffer of buffers) pool.give(buffer);
  assertEquals([pool.byteLength, pool.freeByteLength], [4 * 1024 * 1024, 4 * 1024 * 1024]);
  assert(buffers.includes(pool.take(64 * 1024)));
  const huge = pool.take(2 * 1024 * 1024);
  pool.give(huge);
  assert(pool.take(2 * 1024 * 1024) !== huge);
});
