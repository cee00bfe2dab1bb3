/** What the original clients make of keys, where they are installed: Debian's ruby-dalli and python3-pymemcache. */

import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { Client } from "../../mod.ts";
import { dalliKeys, djangoKeys, npmMemcachedKeys, pymemcacheKeys } from "../../src/keys/mod.ts";
import { ketama } from "../../src/routing/mod.ts";

const KEYS = [
  "a",
  "user:1",
  "x".repeat(245),
  "x".repeat(246),
  "x".repeat(250),
  "y".repeat(251),
  "z".repeat(400),
];

const RUBY = `
require "dalli"; require "json"
keys = JSON.parse(ARGV[0])
puts JSON.generate([nil, "app"].map { |name| m = Dalli::KeyManager.new(namespace: name); keys.map { |k| m.validate_key(k) } })`;

const PYTHON = `
import json, sys
from pymemcache.client.base import check_key_helper
from django.core.cache.backends.base import default_key_func
keys = json.loads(sys.argv[1])
print(json.dumps([[check_key_helper(k, True, b"p:").decode("latin-1") for k in keys],
                  [default_key_func(k, "app", 2) for k in keys],
                  [repr(k.encode()) for k in keys]]))`;

/** What a program prints; `undefined` when it, or a library of its, is not there. */
function run(command: string, ...args: string[]): string[][] | undefined {
  try {
    const { success, stdout } = new Deno.Command(command, { args, stderr: "null" }).outputSync();
    return success ? JSON.parse(new TextDecoder().decode(stdout)) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

const dalli = run("ruby", "-e", RUBY, JSON.stringify(KEYS));

Deno.test({
  name: "dalliKeys makes of keys what dalli makes of them",
  ignore: dalli === undefined,
  fn() {
    assertEquals(KEYS.map(dalliKeys().encode), dalli![0]);
    assertEquals(KEYS.map(dalliKeys({ namespace: "app" }).encode), dalli![1]);
  },
});

const TEXTS = ["a", "café", "日本", "😀", "it's", 'a"b', `it's"`, "back\\slash", "é'"];
const python = run("/usr/bin/python3", "-c", PYTHON, JSON.stringify(TEXTS));

Deno.test({
  name: "pymemcacheKeys and djangoKeys make of keys what pymemcache and Django make of them",
  ignore: python === undefined,
  fn() {
    const format = pymemcacheKeys({ prefix: "p:", allowUnicodeKeys: true, bytes: true });
    assertEquals(TEXTS.map(format.encode), python![0]);
    assertEquals(TEXTS.map(djangoKeys({ prefix: "app", version: 2 }).encode), python![1]);
    assertEquals(TEXTS.map((key) => format.route!(key)), python![2]);
  },
});

Deno.test("npmMemcachedKeys sends the MD5 of a long key, as validateKeySize of the npm client does", () => {
  const long = "x".repeat(251);
  const md5 = createHash("md5").update(long).digest("hex");
  assertEquals([long, "x".repeat(250)].map(npmMemcachedKeys.encode), [md5, "x".repeat(250)]);
});

Deno.test("npmMemcachedKeys leaves long keys on the servers where npm's memcached 2.2.2 has them", async () => {
  const servers = ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211"];
  await using client = new Client(servers, { locator: ketama, keys: npmMemcachedKeys });
  const indexes = Array.from(
    { length: 6 },
    (_, i) => client.locate(`k${i}${"x".repeat(260)}`).index,
  );
  assertEquals(indexes, [0, 0, 2, 0, 2, 2]);
});
