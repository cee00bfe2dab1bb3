import { assertStringIncludes, assertThrows } from "@std/assert";
import { ValidationException } from "../../src/errors.ts";
import { checkKey } from "../../src/protocol/key.ts";
import vectors from "../vectors/moecache_ring.json" with { type: "json" };

Deno.test("checkKey accepts and refuses the keys that Python moecache does", () => {
  for (const { key, ok } of vectors.keyValidation) {
    if (ok) checkKey(key, "get");
    else assertThrows(() => checkKey(key, "get"), ValidationException, "Cannot get key", key);
  }
});

Deno.test("checkKey refuses what is not a string", () => {
  for (const key of [undefined, null, 1, 1.5, true, ["a"], new Uint8Array([97]), { a: 1 }]) {
    assertThrows(() => checkKey(key, "get"), ValidationException, "keys must be strings");
  }
});

Deno.test("checkKey accepts every character from ! to ~ and no other", () => {
  for (let code = 0; code < 0x300; code++) {
    const key = `k${String.fromCharCode(code)}`;
    if (code >= 0x21 && code <= 0x7e) checkKey(key, "get");
    else assertThrows(() => checkKey(key, "get"), ValidationException);
  }
});

Deno.test("checkKey says what is wrong", () => {
  const objections: [unknown, string][] = [
    [1, "Cannot set key of type number: keys must be strings"],
    ["", 'Cannot set key "": keys must not be empty'],
    ["a b", 'Cannot set key "a b": keys must not contain whitespace'],
    ["a\n", 'Cannot set key "a\\n": keys must not contain whitespace'],
    ["a\0", 'Cannot set key "a\\u0000": keys must not contain control characters'],
    ["é", 'Cannot set key "é": keys must be ASCII'],
    ["x".repeat(251), "keys must not be longer than 250 characters"],
  ];
  for (const [key, message] of objections) {
    const error = assertThrows(() => checkKey(key, "set"), ValidationException);
    assertStringIncludes(error.message, message);
  }
});
