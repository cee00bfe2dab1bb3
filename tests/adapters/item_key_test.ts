import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { isHashed, itemKeyOf, textOfItemKey } from "../../src/adapters/item_key.ts";

Deno.test("itemKeyOf() keeps what memcached takes", () => {
  assertEquals(itemKeyOf("user:1/~!", 100), "user:1/~!");
});

Deno.test("itemKeyOf() escapes the rest, and textOfItemKey() has it back", async () => {
  const texts = ["a b", "100%", "%20", "%u1234", "ä😀\n\0\x7f", "\ud800", "\udc00x\ud800", "%#"];
  for (const text of texts) {
    const key = await itemKeyOf(text, 100);
    assert(/^[!-~]+$/.test(key) && !isHashed(key), key);
    assertEquals(textOfItemKey(key), text);
  }
});

Deno.test("itemKeyOf() hashes what is too long, and nothing shorter", async () => {
  const hashed = await itemKeyOf("x".repeat(101), 100);
  assert(isHashed(hashed) && /^[!-~]{45}$/.test(hashed), hashed);
  assertNotEquals(await itemKeyOf(`${"x".repeat(100)}y`, 100), hashed);
  assertEquals(await itemKeyOf("x".repeat(101), 100), hashed);
  assertEquals(itemKeyOf("x".repeat(100), 100), "x".repeat(100));
});
