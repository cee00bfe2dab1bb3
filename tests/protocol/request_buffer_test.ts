import { assertEquals, assertStrictEquals } from "@std/assert";
import { RequestBuffer } from "../../src/protocol/request_buffer.ts";

function text(buffer: RequestBuffer): string {
  return buffer.chunks().map((chunk) => new TextDecoder().decode(chunk)).join("");
}

Deno.test("RequestBuffer gathers requests into one chunk", () => {
  const buffer = new RequestBuffer().ascii("get ").ascii("key").ascii("\r\n");
  assertEquals(text(buffer), "get key\r\n");
  assertEquals(buffer.chunks().length, 1);
  assertEquals(buffer.byteLength, 9);
});

Deno.test("RequestBuffer declares the length of text in bytes", () => {
  for (const value of ["", "a", "ä", "日本語", "😀", "a".repeat(99) + "ä", "ä".repeat(5000)]) {
    const byteLength = new TextEncoder().encode(value).byteLength;
    assertEquals(text(new RequestBuffer().textBlock(value)), ` ${byteLength}\r\n${value}\r\n`);
  }
});

Deno.test("RequestBuffer grows beyond its first size", () => {
  const buffer = new RequestBuffer();
  const line = "0123456789".repeat(10);
  for (let i = 0; i < 1000; i++) buffer.ascii(line);
  assertEquals(text(buffer), line.repeat(1000));
});

Deno.test("RequestBuffer grows in time, whatever is to be written at its end", () => {
  const parts: readonly [expected: string, write: (buffer: RequestBuffer) => unknown][] = [
    ["key word", (buffer) => buffer.ascii("key word")],
    [" key", (buffer) => buffer.key("key")],
    [" word", (buffer) => buffer.word("word")],
    [" 5 rest\r\n\u20ac\xe4\r\n", (buffer) => buffer.textBlock("\u20ac\xe4", " rest")],
    [" 3 rest\r\nxyz\r\n", (buffer) => buffer.dataBlock(new Uint8Array([120, 121, 122]), " rest")],
  ];
  for (let free = 0; free < 40; free++) {
    const filling = "f".repeat(4096 - free);
    for (const [expected, write] of parts) {
      const buffer = new RequestBuffer().ascii(filling);
      write(buffer);
      assertEquals(text(buffer), filling + expected, `${free} bytes before the end`);
    }
  }
});

Deno.test("RequestBuffer keeps no more memory than is usual after a long request", () => {
  const buffer = new RequestBuffer();
  for (const [length, kept] of [[1 << 20, 1 << 20], [(1 << 20) + 1, 4096]] as const) {
    buffer.ascii("x".repeat(length)).clear();
    assertEquals(buffer.ascii("mn").chunks()[0]!.buffer.byteLength, kept);
    buffer.clear();
  }
});

Deno.test("RequestBuffer keeps a large data block apart without copying it", () => {
  const large = new Uint8Array(100_000).fill(120);
  const buffer = new RequestBuffer().ascii("a").dataBlock(large).ascii("b").dataBlock(large);
  assertStrictEquals(buffer.chunks()[1], large);
  assertEquals(
    text(buffer),
    `a 100000\r\n${"x".repeat(100_000)}\r\nb 100000\r\n${"x".repeat(100_000)}\r\n`,
  );
  assertEquals(buffer.byteLength, text(buffer).length);
});

Deno.test("RequestBuffer keeps earlier chunks when it grows after one was cut off", () => {
  const buffer = new RequestBuffer().ascii("first").dataBlock(new Uint8Array(40_000));
  buffer.ascii("y".repeat(10_000));
  const [first, , last] = buffer.chunks();
  assertEquals(new TextDecoder().decode(first), "first 40000\r\n");
  assertEquals(new TextDecoder().decode(last), "\r\n" + "y".repeat(10_000));
});

Deno.test("RequestBuffer copies a small data block, so that the caller may change it", () => {
  const data = new Uint8Array([120]);
  const buffer = new RequestBuffer().dataBlock(data);
  data[0] = 121;
  assertEquals(text(buffer), " 1\r\nx\r\n");
});

Deno.test("RequestBuffer is empty after clear", () => {
  const buffer = new RequestBuffer().ascii("get key\r\n").dataBlock(new Uint8Array(50_000));
  buffer.chunks();
  buffer.clear();
  assertEquals(buffer.byteLength, 0);
  assertEquals(text(buffer), "");
  assertEquals(text(buffer.ascii("mn\r\n")), "mn\r\n");
});
