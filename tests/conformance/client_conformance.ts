/** What the client does, whatever memcached it talks to. @module */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Client, ClientException, type ClientOptions, ValidationException } from "../../mod.ts";
import { onEveryServer } from "../support/every_server.ts";

/** Stores an item as another program would, with any flags. */
async function store(address: string, key: string, flags: number, data: string): Promise<void> {
  const [hostname, port] = address.split(":");
  using socket = await Deno.connect({ hostname: hostname!, port: Number(port) });
  const bytes = new TextEncoder().encode(`set ${key} ${flags} 0 ${data.length}\r\n${data}\r\n`);
  assertEquals(await socket.write(bytes), bytes.length);
  const reply = new Uint8Array(100);
  const count = await socket.read(reply);
  assertEquals(new TextDecoder().decode(reply.subarray(0, count ?? 0)), "STORED\r\n");
}

/** Describes the client, made with each of these options. */
export function describeClient(
  clients: Readonly<Record<string, ClientOptions>> = { "": {} },
): void {
  onEveryServer("Client", (test) => {
    test("get returns what set stored", async (client) => {
      const values = ["", "text", "日本語 😀\r\n\0", null, true, -7, 1.5, 2n ** 70n, [1, [2]], {
        a: "b",
      }];
      for (const value of values) {
        await client.set("key", value);
        assertEquals(await client.get("key"), value);
      }
    });

    test("get returns undefined for what does not exist", async (client) => {
      assertEquals(await client.get("missing"), undefined);
    });

    test("set replaces a value of any type", async (client) => {
      await client.set("key", "text");
      await client.set("key", { now: "a record" });
      assertEquals(await client.get("key"), { now: "a record" });
    });

    test("set takes keys of 1 and of 250 characters, each from ! to ~", async (client) => {
      const all = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join("");
      for (const key of ["a", all, "k".repeat(250)]) {
        await client.set(key, key);
        assertEquals(await client.get(key), key);
      }
    });

    test("set keeps bytes unchanged", async (client) => {
      const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 3);
      await client.set("key", bytes);
      assertEquals(await client.get("key"), bytes);
    });

    test("set with an exptime in the past makes an item that has expired", async (client) => {
      await client.set("key", "value", new Date(Date.now() - 60_000));
      assertEquals(await client.get("key"), undefined);
    });

    test("set with an exptime in the future stores an item", async (client) => {
      for (const exptime of [60, new Date(Date.now() + 60_000), 0]) {
        await client.set("key", "value", exptime);
        assertEquals(await client.get("key"), "value");
      }
    });

    test("an exptime of more than 30 days is that many seconds from now, in meta flags too", async (client) => {
      const exptime = 45 * 86_400;
      const set = () => client.set("key", "5", 10);
      const ways: [name: string, call: () => Promise<unknown>][] = [
        ["set", () => client.set("key", "5", exptime)],
        ["getAndTouch", () => client.getAndTouch("key", exptime)],
        ["touch", () => client.touch("key", exptime)],
        ["update", () => client.update("key", () => "6", { exptime: () => exptime })],
        ["mg T", () => client.meta("mg", "key", ["v", `T${exptime}`])],
        ["ms T", () => client.meta("ms", "key", [`T${exptime}`], "5")],
        ["ms T+", () => client.meta("ms", "key", [`T+${exptime}`], "5")],
        ["md T", () => client.meta("md", "key", ["I", `T${exptime}`])],
        ["ma T", () => client.meta("ma", "key", [`T${exptime}`])],
        ["mg N", async () => {
          await client.delete("key");
          return await client.meta("mg", "key", ["v", `N${exptime}`]);
        }],
        ["ma N", async () => {
          await client.delete("key");
          return await client.meta("ma", "key", ["J5", `N${exptime}`]);
        }],
        ["initial", async () => {
          await client.delete("key");
          return await client.incr("key", 1, { initial: 1, exptime });
        }],
      ];
      for (const [name, call] of ways) {
        await set();
        await call();
        const { ttl = 0 } = await client.inspect("key") ?? {};
        assert(Math.abs(ttl - exptime) < 60, `${name}: ${ttl}`);
      }
      const tooLate = client.meta("mg", "key", ["T2147483648"]);
      await assertRejects(() => tooLate, ValidationException, "2147483648");
    });

    test("set of a value too large is refused, and the connection stays good", async (client) => {
      const [before] = await client.stats();
      const tooLarge = "x".repeat(1_100_000);
      const error = await assertRejects(() => client.set("key", tooLarge), ClientException);
      assertEquals(error.item, "SERVER_ERROR object too large for cache");
      await client.set("key", "smaller");
      assertEquals(await client.get("key"), "smaller");
      const [after] = await client.stats();
      assertEquals(after?.total_connections, before?.total_connections);
    });

    test("delete returns whether the key existed", async (client) => {
      await client.set("key", "value");
      assertEquals(await client.delete("key"), true);
      assertEquals(await client.delete("key"), false);
      assertEquals(await client.get("key"), undefined);
    });

    test(
      "get of what another program wrote is refused, alone",
      async (client, _other, { address }) => {
        await store(address, "plain", 0, "text");
        await store(address, "int32", 265, "\x01\0\0\0");
        await store(address, "odd", 273, "text");
        await client.set("own", "value");
        const [before] = await client.stats();
        const keys = ["plain", "own", "int32", "odd", "missing"];
        const results = await Promise.allSettled(keys.map((key) => client.get(key)));
        for (const at of [0, 2, 3]) {
          assertInstanceOf((results[at] as PromiseRejectedResult).reason, ClientException);
        }
        assertEquals(results[1], { status: "fulfilled", value: "value" });
        assertEquals(results[4], { status: "fulfilled", value: undefined });
        const [after] = await client.stats();
        assertEquals(after?.total_connections, before?.total_connections);
      },
    );

    test("thousands of operations of one turn all get their own answer", async (client) => {
      const keys = Array.from({ length: 3000 }, (_, i) => `key:${i}`);
      await Promise.all(keys.map((key) => client.set(key, `value of ${key}`)));
      const reads = keys.flatMap((key) => [client.get(key), client.get(`missing:${key}`)]);
      const values = await Promise.all(reads);
      keys.forEach((key, i) => {
        assertEquals(values[2 * i], `value of ${key}`);
        assertEquals(values[2 * i + 1], undefined);
      });
    });

    test("operations of one turn are carried out in their order", async (client) => {
      const results = await Promise.all([
        client.get("key"),
        client.set("key", 1),
        client.get("key"),
        client.set("key", 2),
        client.get("key"),
        client.delete("key"),
        client.get("key"),
      ]);
      assertEquals(results, [undefined, undefined, 1, undefined, 2, true, undefined]);
    });

    test("stats returns one record per server", async (client, _other, { address, options }) => {
      assertEquals((await client.stats()).length, 1);
      await using three = new Client([address, address, address], options);
      const all = await three.stats();
      assertEquals(all.length, 3);
      for (const stats of all) assertStringIncludes(stats.version ?? "", "1.6");
    });

    test("stats answers each of memcached's arguments sensibly", async (client) => {
      await client.set("prefix:key", "value");
      await client.get("prefix:key");
      const ask = async (args: string) => (await client.stats(args))[0]!;
      assertEquals((await ask("settings")).tcpport !== undefined, true);
      assert(Object.keys(await ask("slabs")).some((name) => name.endsWith(":chunk_size")));
      assert(Object.keys(await ask("items")).some((name) => name.endsWith(":number")));
      assert(Object.keys(await ask("conns")).some((name) => name.endsWith(":addr")));
      assertEquals(await ask("detail on"), {});
      await client.get("prefix:key");
      assertEquals(await ask("detail dump"), { prefix: "get 1 hit 1 set 0 del 0" });
      assertEquals(await ask("detail off"), {});
      assertEquals(await ask("reset"), {});
      assertEquals((await ask("")).get_hits, "0");
    });

    test("stats with an argument that memcached does not know is refused", async (client) => {
      const error = await assertRejects(() => client.stats("nonsense"), ClientException);
      assertEquals(error.item, "ERROR");
      assertEquals(
        await client.stats("detail nonsense").catch((error) => error.item),
        "CLIENT_ERROR usage: stats detail on|off|dump",
      );
      assertEquals(await client.get("key"), undefined);
    });

    test("invalid input is rejected before any byte is sent", async (client) => {
      const before = (await client.stats())[0]!;
      const invalid: (() => Promise<unknown>)[] = [
        () => client.get("a b"),
        () => client.get("a\r\nflush_all"),
        () => client.set("", 1),
        () => client.delete("é"),
        () => client.set("key", undefined),
        () => client.set("key", () => {}),
        () => client.set("key", "\ud800"),
        () => client.set("key", new URL("memcached://host")),
        () => client.set("key", 1, -1),
        () => client.set("key", 1, 1.5),
        () => client.set("key", 1, NaN),
        () => client.set("key", 1, "60" as unknown as number),
        () => client.stats("reset\r\nflush_all"),
      ];
      for (const operation of invalid) await assertRejects(operation, ValidationException);
      const after = (await client.stats())[0]!;
      assertEquals(Number(after.bytes_read) - Number(before.bytes_read), "stats\r\n".length);
    });
  }, clients);
}
