/** The request buffer by itself. Run with `deno bench bench/request_buffer_bench.ts`. */

import { RequestBuffer } from "../src/protocol/request_buffer.ts";

const keys = Array.from({ length: 100 }, (_, i) => `some_key_${i}`);
const text = "v".repeat(100);
const foreign = "ä".repeat(50);
const megabyte = new Uint8Array(1_000_000);

function write(name: string, request: (buffer: RequestBuffer) => void): void {
  const buffer = new RequestBuffer();
  Deno.bench(name, () => {
    request(buffer);
    buffer.chunks();
    buffer.clear();
  });
}

write("a get of 100 keys", (buffer) => {
  buffer.ascii("get");
  for (const key of keys) buffer.word(key);
  buffer.ascii("\r\n");
});
write("100 sets of 100 ASCII characters", (buffer) => {
  for (const key of keys) buffer.ascii(`set ${key} 274 0`).textBlock(text);
});
write("100 sets of 50 characters of two bytes", (buffer) => {
  for (const key of keys) buffer.ascii(`set ${key} 274 0`).textBlock(foreign);
});
write("a set of 1 MB", (buffer) => {
  buffer.ascii("set some_key 256 0").dataBlock(megabyte);
});
