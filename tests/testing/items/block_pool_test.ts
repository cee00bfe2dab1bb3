import { assert, assertEquals, assertThrows } from "@std/assert";
import { BlockPool, PAGE_LENGTH } from "../../../src/testing/items/block_pool.ts";

const BLOCK_LENGTH = 1024;
const BLOCKS_PER_PAGE = PAGE_LENGTH / BLOCK_LENGTH;

function allocate(pool: BlockPool, count: number): number[] {
  return Array.from({ length: count }, () => pool.allocate());
}

Deno.test("BlockPool returns each block once, and never number 0", () => {
  const pool = new BlockPool(BLOCK_LENGTH);
  const blocks = allocate(pool, 3 * BLOCKS_PER_PAGE);
  assertEquals(new Set(blocks).size, blocks.length);
  assert(!blocks.includes(0));
  assertEquals(pool.usedByteLength, blocks.length * BLOCK_LENGTH);
  assertEquals(pool.byteLength, 3 * PAGE_LENGTH);
});

Deno.test("BlockPool keeps the bytes of a block while others are allocated and freed", () => {
  const pool = new BlockPool(BLOCK_LENGTH);
  const blocks = allocate(pool, 3 * BLOCKS_PER_PAGE);
  for (const block of blocks) {
    pool.setWord(block, 3, block);
    pool.write(block, 100, new Uint8Array(500).fill(block), 0, 500);
  }
  for (const [index, block] of blocks.entries()) if (index % 2 === 0) pool.free(block);
  for (const block of allocate(pool, blocks.length)) pool.setWord(block, 3, 0);
  for (const [index, block] of blocks.entries()) {
    if (index % 2 === 0) continue;
    const read = new Uint8Array(502);
    pool.read(block, 100, read, 1, 500);
    assertEquals(pool.word(block, 3), block);
    assertEquals([read[0], read[1], read[500], read[501]], [0, block % 256, block % 256, 0]);
  }
});

Deno.test("BlockPool copies any number of bytes from and to any place", () => {
  const pool = new BlockPool(BLOCK_LENGTH);
  const [block] = allocate(pool, 1);
  assert(block);
  const source = Uint8Array.from({ length: 300 }, (_, index) => index);
  for (const byteLength of [0, 1, 63, 64, 65, 200]) {
    const target = new Uint8Array(300);
    pool.write(block, 7, source, 5, byteLength);
    pool.read(block, 7, target, 11, byteLength);
    assertEquals(target.slice(11, 11 + byteLength), source.slice(5, 5 + byteLength));
    assertEquals(target.slice(11 + byteLength), new Uint8Array(300 - 11 - byteLength));
  }
});

Deno.test("BlockPool frees pages without blocks, except one", () => {
  const pool = new BlockPool(BLOCK_LENGTH);
  const blocks = allocate(pool, 10 * BLOCKS_PER_PAGE);
  for (const block of blocks) pool.free(block);
  assertEquals([pool.usedByteLength, pool.byteLength], [0, PAGE_LENGTH]);
  assertEquals(new Set(allocate(pool, blocks.length)).size, blocks.length);
  assertEquals(pool.byteLength, 10 * PAGE_LENGTH);
});

Deno.test("BlockPool.growthFor says what would have to be taken", () => {
  const pool = new BlockPool(BLOCK_LENGTH);
  assertEquals(pool.growthFor(1), PAGE_LENGTH);
  allocate(pool, 1);
  assertEquals(pool.growthFor(BLOCKS_PER_PAGE - 1), 0);
  assertEquals(pool.growthFor(BLOCKS_PER_PAGE), PAGE_LENGTH);
  assertEquals(pool.growthFor(2 * BLOCKS_PER_PAGE), 2 * PAGE_LENGTH);
});

Deno.test("BlockPool does not hand out a block of a page that was given back", () => {
  const pool = new BlockPool(BLOCK_LENGTH);
  const blocks = allocate(pool, 2 * BLOCKS_PER_PAGE);
  for (const block of blocks) pool.free(block);
  const last = blocks.at(-1) ?? 0;
  assertThrows(() => pool.setWord(last, 0, 1), Error, "it has been freed");
});
