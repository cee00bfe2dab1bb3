import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClientException } from "../../mod.ts";
import { zstdCompress, zstdDecompress } from "../../src/transcoding/zstd.ts";
import { fromHex } from "./pickle/vectors.ts";

const TEXT = new TextEncoder().encode("moecache ".repeat(1000));
/** Of the zstd program: "ab" 2,500 times, with a checksum and without a length. */
const FOREIGN = fromHex("28b52ffd04584d000010616201008353efb0e25702af");
/** A frame without content. */
const EMPTY = fromHex("28b52ffd2000010000");

function isEndOf(end: Uint8Array, data: Uint8Array): boolean {
  return end.every((byte, index) => data[data.length - end.length + index] === byte);
}

Deno.test("zstdDecompress expands what zstdCompress and the zstd program compressed", async () => {
  for (const data of [TEXT, TEXT.subarray(0, 1), new Uint8Array(0), new Uint8Array(300_000)]) {
    assertEquals(await zstdDecompress(await zstdCompress(data), data.byteLength), data);
  }
  const expanded = await zstdDecompress(FOREIGN, 5000);
  assertEquals(new TextDecoder().decode(expanded), "ab".repeat(2500));
});

Deno.test("zstdCompress writes one frame, also where the runtime puts an empty one behind it", async () => {
  // Deno 2.9.6 does so from 16 KiB of result on. Two frames could not be read back.
  const data = new Uint8Array(100_000).map((_, index) => index * index * 31 % 251 ^ index >> 3);
  for (const size of [1000, 16_383, 16_384, 16_385, 33_000, 100_000]) {
    const part = data.subarray(0, size);
    const frame = await zstdCompress(part);
    assertEquals(await zstdDecompress(frame, size), part, `${size}`);
    assert(!isEndOf(EMPTY, frame), `${size}`);
  }
});

Deno.test("zstdDecompress expands a frame with an empty one behind it, as Deno's node:zlib writes it", async () => {
  const expanded = await zstdDecompress(new Uint8Array([...FOREIGN, ...EMPTY]), 5000);
  assertEquals(new TextDecoder().decode(expanded), "ab".repeat(2500));
});

Deno.test("zstdDecompress refuses frames that end early, are damaged or are followed by more bytes", async () => {
  for (const whole of [FOREIGN, await zstdCompress(TEXT)]) {
    for (let length = 0; length < whole.byteLength; length++) {
      await assertRejects(() => zstdDecompress(whole.slice(0, length), 1e6), ClientException);
    }
    const longer = new Uint8Array([...whole, 0]);
    await assertRejects(
      () => zstdDecompress(longer, 1e6),
      ClientException,
      "not a whole zstd frame",
    );
    const twice = new Uint8Array([...whole, ...whole]);
    await assertRejects(
      () => zstdDecompress(twice, 1e6),
      ClientException,
      "not a whole zstd frame",
    );
  }
  const flipped = FOREIGN.slice();
  flipped[12] = 0x63;
  await assertRejects(() => zstdDecompress(flipped, 1e6), ClientException, "damaged");
});

Deno.test("zstdDecompress refuses a frame whose content or checksum was changed", async () => {
  let refused = 0;
  for (let at = 4; at < FOREIGN.byteLength; at++) {
    const changed = FOREIGN.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    await zstdDecompress(changed, 1e6).catch((error) => {
      if (!(error instanceof ClientException)) throw error;
      refused++;
    });
  }
  // A bit of the window's size changes nothing.
  assertEquals(refused, FOREIGN.byteLength - 5);
});

Deno.test("zstdDecompress stops at maxValueBytes, also when a frame declares another length", async () => {
  const bomb = await zstdCompress(new Uint8Array(50_000_000));
  await assertRejects(() => zstdDecompress(bomb, 1000), ClientException, "more than maxValueBytes");
  await assertRejects(() => zstdDecompress(FOREIGN, 4999), ClientException, "more than");
});
