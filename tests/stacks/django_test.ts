import { assertEquals } from "@std/assert";
import { Client } from "../../mod.ts";
import { django } from "../../src/stacks/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

/** Reads what is stored under "ours", and stores something under "theirs". */
const PROGRAM = `
import datetime, decimal, sys, uuid
from django.conf import settings
settings.configure(CACHES={"default": {
    "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
    "LOCATION": sys.argv[1:], "KEY_PREFIX": "shop", "VERSION": 2}})
from django.core.cache import cache
print(repr([cache.get(f"ours{i}") for i in range(20)]))
for i in range(20):
    cache.set(f"theirs{i}", {"id": uuid.UUID(int=i), "price": decimal.Decimal("1.50")})
`;

const PYTHON = "/usr/bin/python3"; // Debian's, which has Django

function hasDjango(): boolean {
  try {
    const args = ["-c", "import django, pymemcache"];
    return new Deno.Command(PYTHON, { args, stderr: "null" }).outputSync().success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test({
  name: "django shares keys, values and servers with Django's PyMemcacheCache",
  ignore: !hasDjango(),
  async fn() {
    await using first = await MemcachedServer.listen();
    await using second = await MemcachedServer.listen();
    const servers = [first.address, second.address];
    await using client = new Client(servers, django({ prefix: "shop", version: 2 }));
    for (let i = 0; i < 20; i++) await client.set(`ours${i}`, { n: i });
    const { stdout, stderr } = await new Deno.Command(PYTHON, { args: ["-c", PROGRAM, ...servers] })
      .output();
    const expected = Array.from({ length: 20 }, (_, i) => `{'n': ${i}}`).join(", ");
    assertEquals(
      new TextDecoder().decode(stdout).trim(),
      `[${expected}]`,
      new TextDecoder().decode(stderr),
    );
    const theirs = await client.getMany(Array.from({ length: 20 }, (_, i) => `theirs${i}`));
    assertEquals(theirs.size, 20);
    const seventh = theirs.get("theirs7") as Record<string, unknown>;
    assertEquals(String(seventh.id), "00000000-0000-0000-0000-000000000007");
    assertEquals(String(seventh.price), "1.50");
  },
});
