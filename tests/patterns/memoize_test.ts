import { assertEquals, assertRejects } from "@std/assert";
import { Client, ValidationException } from "../../mod.ts";
import { memoize } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { assertTtl } from "../support/ttl.ts";

Deno.test("memoize calls once for each key, and keeps arguments and result", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const calls: [string, number][] = [];
  const repeat = (text: string, count: number) => {
    calls.push([text, count]);
    return Promise.resolve({ repeated: text.repeat(count) });
  };
  const remembered: (text: string, count: number) => Promise<{ repeated: string }> = memoize(
    client,
    repeat,
    { key: (text, count) => `repeat:${text}:${count}`, exptime: 60 },
  );
  const expected = { repeated: "aa" };
  assertEquals(await Promise.all([remembered("a", 2), remembered("a", 2)]), [expected, expected]);
  assertEquals((await remembered("a", 3)).repeated, "aaa");
  assertEquals((await remembered("a", 2)).repeated, "aa");
  assertEquals(calls, [["a", 2], ["a", 3]]);
  await assertTtl(client, "repeat:a:2", 60);
});

Deno.test("memoize keeps optional, default and rest arguments", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const pad = memoize(client, (text: string, length?: number) => text.padEnd(length ?? 3, "."), {
    key: (text, length) => `pad:${text}:${length ?? 3}`,
  });
  const typed: (text: string, length?: number) => Promise<string> = pad;
  assertEquals([await typed("a"), await pad("a", 2)], ["a..", "a."]);
  const times = memoize(client, (a: number, b = 2) => Promise.resolve(a * b), {
    key: (a, b = 2) => `times:${a}:${b}`,
  });
  assertEquals([await times(2), await times(2, 3)], [4, 6]);
  const join = memoize(client, (...parts: string[]) => parts.join("-"), {
    key: (...parts) => `join:${parts.join(":")}`,
  });
  assertEquals([await join(), await join("a", "b")], ["", "a-b"]);
  // @ts-expect-error: arguments are still checked
  assertEquals(await pad("a", "2"), "a.");
});

Deno.test("memoize forgets everything with its namespace", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  let calls = 0;
  const sums = client.namespace("sums:");
  const add = memoize(sums, (a: number, b: number) => (calls++, a + b), {
    key: (a, b) => `${a}:${b}`,
  });
  assertEquals([await add(1, 2), await add(1, 2), calls], [3, 3, 1]);
  await sums.invalidateAll();
  assertEquals([await add(1, 2), calls], [3, 2]);
});

Deno.test("memoize rejects where the key, or the function, fails", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const fail = memoize(client, () => Promise.reject(new RangeError("no")), { key: () => "key" });
  await assertRejects(() => fail(), RangeError);
  const invalid = memoize(client, () => 1, { key: () => "a b" });
  await assertRejects(() => invalid(), ValidationException);
});
