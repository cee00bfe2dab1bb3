/** The keys that a near cache remembers before it keeps their values. */

import { assertEquals } from "@std/assert";
import { SeenKeys } from "../../../src/views/near_cache/seen_keys.ts";

/** Whether a key is still known when so many others have been seen since. */
function isKnownBehind(others: number, before: number): boolean {
  const keys = new SeenKeys();
  for (let i = 0; i < before; i++) keys.see(`before:${i}`);
  keys.see("key");
  for (let i = 0; i < others; i++) keys.see(`other:${i}`);
  return keys.see("key");
}

Deno.test("SeenKeys remembers 20,000 keys at least, and 40,000 at most", () => {
  for (const before of [0, 1, 9_999, 19_998, 19_999]) {
    assertEquals(isKnownBehind(19_999, before), true, `${before}`);
    assertEquals(isKnownBehind(40_000, before), false, `${before}`);
  }
});
