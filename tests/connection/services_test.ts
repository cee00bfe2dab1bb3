/** Services that know less than memcached, as far as their documentation tells. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Client, ClientException } from "../../mod.ts";
import { type FaultHook, MemcachedServer } from "../../src/testing/mod.ts";

/** The longest line of a `get` that ElastiCache Serverless takes, in bytes. */
const LONGEST_LINE = 16 * 1024;

/** What ElastiCache Serverless lacks: it is taken to refuse that as memcached refuses what it does not know. */
const serverless: FaultHook = ({ line }) => {
  const isUnknown = /^(me|lru|lru_crawler|watch|verbosity|flush_all \d|stats (?!reset$))/.test(
    line,
  );
  if (isUnknown) return { reply: "ERROR" };
  return line.length > LONGEST_LINE ? { reply: "CLIENT_ERROR line too long" } : undefined;
};

Deno.test("Client sends ElastiCache Serverless no line that is too long", async () => {
  const lengths: number[] = [];
  await using server = await MemcachedServer.listen({
    fault: (request) => {
      lengths.push(request.line.length + 2);
      return serverless(request);
    },
  });
  await using client = new Client(server.address);
  for (const length of [3, 100, 250]) {
    const keys = Array.from({ length: 999 }, (_, i) => `${i}`.padStart(length, "k"));
    await client.setMany(Object.fromEntries(keys.map((key) => [key, 1])), 60);
    assertEquals((await client.getMany(keys)).size, keys.length);
    const items = await Promise.all(keys.map((key) => client.gets(key)));
    assertEquals(items.filter((item) => item?.value === 1).length, keys.length);
    assertEquals((await client.deleteMany(keys)).size, keys.length);
  }
  const longest = Math.max(...lengths);
  // Nearly as long as it may be, or the test would show nothing.
  assert(longest <= LONGEST_LINE && longest > LONGEST_LINE * 0.9, `${longest} bytes`);
});

Deno.test("Client sends no line that is too long where a format makes keys longer", async () => {
  const lengths: number[] = [];
  await using server = await MemcachedServer.listen({
    fault: ({ line }) => void lengths.push(line.length + 2),
  });
  const keys = { encode: (key: string) => key.padStart(250, "k") };
  await using client = new Client(server.address, { keys });
  await client.getMany(Array.from({ length: 200 }, (_, i) => `${i}`));
  const longest = Math.max(...lengths);
  assert(longest <= LONGEST_LINE, `${longest} bytes`);
});

Deno.test("what ElastiCache Serverless lacks says so, and the rest works", async () => {
  await using server = await MemcachedServer.listen({ fault: serverless });
  await using client = new Client(server.address);
  const lacking: Record<string, () => Promise<unknown>> = {
    me: () => client.meta("me", "key"),
    "flush_all": () => client.flushAll({ delay: 5 }),
    stats: () => client.stats("settings"),
    verbosity: () => client.verbosity(1),
    watch: () => client.watch(["mutations"]).ready,
    metadump: () => client.items().next(),
  };
  for (const [name, ask] of Object.entries(lacking)) {
    const error = await assertRejects(ask, ClientException, `the server answered "ERROR"`);
    assert(error.message.includes(name) || name === "metadump", error.message);
  }
  assertEquals(await client.getOrSet("key", () => 1, { exptime: 60 }), 1);
  assertEquals(await client.invalidate("key"), true);
  assertEquals((await client.stats()).length, 1);
  await client.flushAll();
  assertEquals(await client.get("key"), undefined);
});

Deno.test("mcrouter is noticed by how it refuses meta commands, and asked by classic ones", async () => {
  for (const reply of ["ERROR", "CLIENT_ERROR malformed request"]) {
    const commands: string[] = [];
    await using server = await MemcachedServer.listen({
      fault: ({ command }) => {
        commands.push(command);
        if (command === "version") return { reply: "VERSION mcrouter 1.0" };
        return /^m[gsdaen]$/.test(command) ? { reply } : undefined;
      },
    });
    await using client = new Client(server.address);
    await using other = new Client(server.address, { dialect: "classic" });
    const options = { exptime: 60, staleFor: 30 };
    assertEquals(await client.getOrSet("key", () => 1, options), 1);
    assertEquals(await other.getOrSet("key", () => 2, options), 1);
    assertEquals(await other.invalidate("key"), true);
    assertEquals(await client.getOrSet("key", () => 3, options), 3);
    assertEquals(commands.filter((command) => /^m[gsdaen]$/.test(command)), ["mg"]);
  }
});
