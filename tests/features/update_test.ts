import { assert, assertEquals, assertRejects } from "@std/assert";
import { Client, ClientException, ValidationException } from "../../mod.ts";
import { onEveryServer } from "../support/every_server.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { assertTtl } from "../support/ttl.ts";

onEveryServer("update", (test) => {
  test("makes, changes and leaves a value", async (client) => {
    type Record = { count: number };
    const count = (old?: Record) => ({ count: (old?.count ?? 0) + 1 });
    assertEquals(await client.update<Record>("key", count, { exptime: 60 }), { count: 1 });
    assertEquals(await client.update<Record>("key", count), { count: 2 });
    assertEquals((await client.inspect("key"))?.ttl, -1);
    const { cas } = (await client.inspect("key"))!;
    assertEquals(await client.update("key", () => undefined), undefined);
    assertEquals((await client.inspect("key"))?.cas, cas);
    assertEquals(await client.update("missing", () => Promise.resolve(undefined)), undefined);
    assertEquals(await client.inspect("missing"), undefined);
  });

  test("asks for the exptime of each new value, where that is a function", async (client) => {
    const exptime = (value: unknown) => (value as number[]).length * 100;
    const add = () => client.update<number[]>("key", (old = []) => [...old, 1], { exptime });
    await add();
    await assertTtl(client, "key", 100);
    await add();
    await assertTtl(client, "key", 200);
    const invalid = { exptime: () => -1 };
    await assertRejects(() => client.update("key", () => 1, invalid), ValidationException);
    assertEquals(await client.get("key"), [1, 1]);
  });

  test(
    "loses nothing of 20 clients that change a record at once",
    async (_client, _other, { address }) => {
      const clients = Array.from({ length: 20 }, () => new Client(address));
      await Promise.all(
        clients.map((client, i) => client.update<number[]>("key", (old = []) => [...old, i])),
      );
      const all = await clients[0]!.get<number[]>("key");
      assertEquals(all?.sort((a, b) => a - b), clients.map((_, i) => i));
      await Promise.all(clients.map((client) => client.close()));
    },
  );

  test("tries again when the value is changed or deleted during the update", async (client) => {
    await client.set("key", 1);
    const meanwhile = [() => client.set("key", 5), () => client.delete("key")];
    const seen: unknown[] = [];
    const change = async (old: unknown) => {
      seen.push(old);
      await meanwhile.shift()?.();
      return "new";
    };
    assertEquals(await client.update("key", change), "new");
    assertEquals(seen, [1, 5, undefined]);
    assertEquals(await client.get("key"), "new");
  });

  test("gives up when others are faster each time", async (client) => {
    let calls = 0;
    const change = async () => {
      await client.set("key", ++calls);
      return "mine";
    };
    const error = await assertRejects(
      () => client.update("key", change, { retries: 2 }),
      ClientException,
    );
    assertEquals(
      error.message,
      `Cannot update key "key": it was changed meanwhile each time, and retries is 2`,
    );
    assertEquals(calls, 3);
    assertEquals(await client.get("key"), 3);
  });

  test("replaces a lease, whose winner does not overwrite the new value", async (client) => {
    const updated = client.getOrSet("key", async () => {
      assertEquals(await client.update("key", (old) => [old === undefined]), [true]);
      return "late";
    });
    assertEquals(await updated, "late");
    assertEquals(await client.get("key"), [true]);
  });

  test("ends with its signal, and passes on what goes wrong", async (client) => {
    const controller = new AbortController();
    const { signal } = controller;
    const change = async () => {
      await client.set("key", 1);
      controller.abort("enough");
      return 2;
    };
    const reason = await client.update("key", change, { signal }).catch((error) => error);
    assertEquals(reason, "enough");
    const fail = () => Promise.reject(new RangeError("no"));
    await assertRejects(() => client.update("key", fail), RangeError);
    await assertRejects(() => client.update("key", () => () => {}), ValidationException);
    for (const retries of [-1, 1.5, "1", Infinity]) {
      const options = { retries: retries as number };
      await assertRejects(() => client.update("key", () => 1, options), ValidationException);
    }
    await assertRejects(() => client.update("a b", () => 1), ValidationException, "update");
    assert(await client.get("key") === 1);
  });
});

Deno.test({
  name: "update fails at once where memcached keeps no cas uniques",
  ignore: memcachedPath() === undefined,
  async fn() {
    await using memcached = await MemcachedProcess.start(["-C"]);
    await using client = new Client(memcached.address);
    let calls = 0;
    const count = () => client.update("key", () => ++calls);
    assertEquals(await count(), 1);
    // Not after 25 retries, which take seconds, and not because of another client.
    await assertRejects(count, ClientException, "keeps no cas uniques");
    assertEquals([calls, await client.get("key")], [2, 1]);
  },
});
