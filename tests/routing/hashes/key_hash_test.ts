import { assertEquals, assertThrows } from "@std/assert";
import { ValidationException } from "../../../src/errors.ts";
import { CRC16, CRC32 } from "../../../src/routing/hashes/crc.ts";
import { fnv1a32 } from "../../../src/routing/hashes/fnv.ts";
import { type KeyHash, namedHash } from "../../../src/routing/hashes/key_hash.ts";
import { endMurmur3, startMurmur3 } from "../../../src/routing/hashes/murmur.ts";

Deno.test("CRC32 and CRC16 have the check values of their catalogue entries", () => {
  assertEquals(CRC32.hash("123456789"), 0xcbf43926);
  assertEquals(CRC32.hash(""), 0);
  assertEquals(CRC16.hash("123456789") & 0xffff, 0x31c3);
});

Deno.test("fnv1a32 has its authors' values, and hashes text in two steps as in one", () => {
  assertEquals(fnv1a32(""), 0x811c9dc5);
  assertEquals(fnv1a32("foobar"), 0xbf9cf968);
  assertEquals(fnv1a32("bar", fnv1a32("foo")), 0xbf9cf968);
  assertEquals(fnv1a32("bär", fnv1a32("é")), fnv1a32("ébär"));
});

Deno.test("a MurmurHash3 that is continued at any place equals that of the whole", () => {
  const text = "10.0.0.1:11211-user:1";
  const whole = endMurmur3(startMurmur3("", 0), text);
  for (let cut = 0; cut <= text.length; cut++) {
    assertEquals(endMurmur3(startMurmur3(text.slice(0, cut), 0), text.slice(cut)), whole);
  }
  assertEquals(endMurmur3(startMurmur3("", 0), "hello"), 0x248bfa47);
});

Deno.test("FNV and one-at-a-time treat a byte above 0x7f as negative, as C's char does", () => {
  // By the definitions: the sign extended over the accumulator is all that differs from unsigned bytes.
  const offset = 0x811c9dc5;
  const prime = 0x01000193;
  let expected = offset;
  for (const byte of new TextEncoder().encode("é")) {
    expected = Math.imul(expected ^ (byte - 256), prime);
  }
  assertEquals(namedHash("hash", "fnv1a_32").hash("é"), expected >>> 0);
});

Deno.test("namedHash refuses a name that it does not know, and says which it knows", () => {
  for (const name of ["sha256", "toString", "", undefined, 7]) {
    const error = assertThrows(
      () => namedHash("keyHash", name as KeyHash),
      ValidationException,
      "Cannot use keyHash",
    );
    assertEquals(error.message.includes(`"fnv1a_64"`), true);
    assertEquals(error.item, name);
  }
});
