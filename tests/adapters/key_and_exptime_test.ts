import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Client,
  ClientException,
  type KeyCommands,
  PartialClientException,
  SocketError,
  ValidationException,
} from "../../mod.ts";
import { type FaultHook, MemcachedServer } from "../../src/testing/mod.ts";
import {
  exptimeOf,
  isHashed,
  itemKeyOf,
  keysBehind,
  textOfItemKey,
} from "../../src/adapters/key_and_exptime.ts";

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

Deno.test("itemKeyOf() gives the hashes in the order of the calls", async () => {
  const given: string[] = [];
  // Its hash takes much longer than that of the other.
  const long = itemKeyOf("x".repeat(20_000_000), 100);
  const short = itemKeyOf("x".repeat(101), 100);
  await Promise.all([
    Promise.resolve(long).then(() => given.push("long")),
    Promise.resolve(short).then(() => given.push("short")),
  ]);
  assertEquals(given, ["long", "short"]);
});

Deno.test("exptimeOf() is never early, and up to two seconds late", () => {
  assertEquals([1, 1000, 1001, 60_000].map(exptimeOf), [2, 2, 3, 61]);
  assertEquals(exptimeOf(Infinity), 0);
});

Deno.test("exptimeOf() is absolute above 30 days, and at the end of memcached's time at most", () => {
  const days = 31 * 24 * 60 * 60 * 1000;
  const late = (exptimeOf(days) as Date).getTime() - Date.now() - days;
  assert(late > 0 && late <= 1000, `${late}`);
  assertEquals(exptimeOf(1e15), new Date(0x7fffffff * 1000));
});

Deno.test("exptimeOf() of a lifetime that has ended is in the past", () => {
  for (const milliseconds of [0, -1, -1e16, -Number.MAX_VALUE, -Infinity]) {
    assert((exptimeOf(milliseconds) as Date).getTime() < Date.now() + 1, `${milliseconds}`);
  }
});

Deno.test("itemKeyOf() and exptimeOf() refuse other types", () => {
  for (const key of [undefined, null, 5, {}] as unknown as string[]) {
    assertThrows(() => itemKeyOf(key, 100), ValidationException, "it must be a string");
  }
  for (const lifetime of [NaN, "60", null, undefined, 60n] as unknown as number[]) {
    assertThrows(() => exptimeOf(lifetime), ValidationException, "it must be a number");
  }
});

Deno.test("keysBehind() waits while memcached lists for others, and lists each key once", async () => {
  const busy = new ClientException("busy", "BUSY currently processing crawler request");
  const failures = new Map([["a:1", busy]]);
  const faults: unknown[] = [
    busy,
    new PartialClientException("list", { failures, results: new Map() }),
    new ClientException("locked", "ERROR locked try again later"),
  ];
  const listing = (faults: unknown[]) => {
    const items: Client["items"] = async function* () {
      yield { key: "p:a", exptime: undefined } as never;
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      yield { key: "p:b", exptime: undefined } as never;
    };
    return Array.fromAsync(keysBehind({ items } as unknown as KeyCommands, "p:"));
  };
  assertEquals(await listing([...faults]), ["p:a", "p:b"]);
  const others = [
    new ClientException("off", "ERROR not allowed"),
    new SocketError("gone"),
    new PartialClientException("list", {
      failures: new Map<string, unknown>([...failures, ["b:1", new SocketError("gone")]]),
      results: new Map(),
    }),
  ];
  for (const other of others) {
    assertEquals(await assertRejects(() => listing([busy, other])), other);
  }
});

Deno.test("keysBehind() and items wait for a busy crawler no longer than the client's timeout", async () => {
  let lists = 0;
  const fault: FaultHook = ({ command }) => {
    if (command !== "lru_crawler") return undefined;
    lists++;
    return { reply: "BUSY currently processing crawler request" };
  };
  await using server = await MemcachedServer.listen({ fault });
  await using client = new Client(server.address, { timeout: 400 });
  for (const list of [() => client.items(), () => keysBehind(client, "p:")]) {
    lists = 0;
    await assertRejects(() => Array.fromAsync<unknown>(list()), Error);
    // At the beginning, and after 50, 150 and 350 milliseconds.
    assert(lists >= 1 && lists <= 4, `${lists} lists`);
  }
});
