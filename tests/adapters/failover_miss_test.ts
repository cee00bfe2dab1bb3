/** What the adapters do where `failover` is "miss" and one server cannot be reached. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Client, SocketError } from "../../mod.ts";
import { MoecacheCacheStorage } from "../../src/adapters/cache.ts";
import { KeyvMoecache } from "../../src/adapters/keyv.ts";
import moecacheDriver from "../../src/adapters/unstorage.ts";
import { SwitchedFleet, type SwitchedServer } from "../support/switched_fleet.ts";

const URL_ = "https://example.com/page";
/** What the keys on each server have in them; all others are on the last one. */
const KINDS = ["~moecache-generation", "names", "head:", "body:"];

/** Servers for the keys of each kind. */
async function withFleet(
  failover: "miss" | "error",
  body: (client: Client, servers: ReadonlyMap<string, SwitchedServer>) => Promise<void>,
): Promise<void> {
  await using fleet = await SwitchedFleet.start([...KINDS, "rest"].map((_, i) => `server${i}:1`));
  const locate = (key: string) => {
    const at = KINDS.findIndex((kind) => key.includes(kind));
    return at === -1 ? KINDS.length : at;
  };
  const options = { failover, dial: fleet.dial, timeout: 10_000, locator: () => ({ locate }) };
  await using client = new Client(fleet.names, options);
  const servers = [...KINDS, "rest"].map((kind, i) => [kind, fleet.servers[i]!] as const);
  await body(client, new Map(servers));
}

function response(text: string): Response {
  return new Response(text, { headers: { "Cache-Control": "max-age=60" } });
}

Deno.test("a cache has nothing and drops what is put, whichever server is gone", async () => {
  for (const gone of KINDS) {
    await withFleet("miss", async (client, servers) => {
      const old = await new MoecacheCacheStorage(client).open("old");
      await old.put(URL_, response("old"));
      await servers.get(gone)!.become("refusing");
      const caches = new MoecacheCacheStorage(client);
      for (const name of ["old", "new"]) {
        const cache = await caches.open(name);
        const found = async () => await (await cache.match(URL_))?.text();
        // The names matter to nobody who has a cache.
        assertEquals(await found(), gone === "names" && name === "old" ? "old" : undefined, gone);
        await cache.put(URL_, response("new"));
        assertEquals(await found(), gone === "names" ? "new" : undefined, gone);
        assertEquals(
          await cache.matchAll(URL_).then(({ length }) => length),
          Number(gone === "names"),
        );
        await cache.delete(URL_);
        assertEquals(await found(), undefined, gone);
      }
      const isKnown = gone !== "names";
      assertEquals([await caches.has("old"), await caches.has("new")], [isKnown, isKnown]);
      if (gone === "~moecache-generation") {
        await assertRejects(() => caches.delete("old"), SocketError);
      }
    });
  }
});

Deno.test("a cache leaves no body behind that it cannot list", async () => {
  for (const gone of ["~moecache-generation", "head:"]) {
    await withFleet("miss", async (client, servers) => {
      await servers.get(gone)!.become("refusing");
      const cache = await new MoecacheCacheStorage(client).open("pages");
      let isCancelled = false;
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new Uint8Array(10)),
        cancel: () => void (isCancelled = true),
        pull: (controller) => controller.close(),
      });
      await cache.put(URL_, new Response(stream));
      assertEquals(isCancelled, gone !== "head:");
      const { written } = servers.get("body:")!;
      const keys = [...written.matchAll(/body:[-\w:]+/g)].map(([key]) => key);
      assertEquals(new Set(keys).size, gone === "head:" ? 1 : 0);
      assertEquals(/delete \S*body:/.test(written), gone === "head:");
    });
  }
});

Deno.test("a cache fails where a fault is an error, and goes on with what is there again", async () => {
  await withFleet("error", async (client, servers) => {
    const caches = new MoecacheCacheStorage(client);
    const cache = await caches.open("pages");
    for (const kind of ["~moecache-generation", "head:", "body:"]) {
      const server = servers.get(kind)!;
      await server.become("refusing");
      const error = await assertRejects(() => cache.put(URL_, response("new")), Error);
      // What is there of a body cannot be deleted, either.
      assert(
        error instanceof (kind === "body:" ? AggregateError : SocketError),
        `${kind} ${error}`,
      );
      await server.become("up");
      await cache.put(URL_, response(kind));
      assertEquals(await (await cache.match(URL_))?.text(), kind);
      await server.become("refusing");
      await assertRejects(
        async () => {
          await (await cache.match(URL_))?.text();
        },
        SocketError,
        undefined,
        kind,
      );
      await server.become("up");
    }
    await servers.get("names")!.become("refusing");
    await assertRejects(() => caches.open("other"), SocketError);
    await servers.get("names")!.become("up");
    await caches.open("other");
    // A connection that is lost is no reason to lose what is put.
    for (const server of servers.values()) await server.cut();
    await cache.put(URL_, response("after"));
    assertEquals(await (await cache.match(URL_))?.text(), "after");
    assertEquals(await caches.keys(), ["pages", "other"]);
  });
});

Deno.test("Keyv and unstorage have nothing, and drop what is set, without the counter", async () => {
  await withFleet("miss", async (client, servers) => {
    const store = new KeyvMoecache({ client });
    const driver = moecacheDriver({ client });
    await store.set("key", "old");
    await driver.setItem("key", "old");
    const counter = servers.get("~moecache-generation")!;
    await counter.become("refusing");
    assertEquals([await store.get("key"), await driver.getItem("key")], [undefined, null]);
    assertEquals(await store.getMany(["key"]), [undefined]);
    assertEquals(await driver.getItems([{ key: "key" }]), [{ key: "key", value: null }]);
    assertEquals([await store.has("key"), await driver.hasItem("key")], [false, false]);
    assertEquals([await store.set("key", "new"), await store.delete("key")], [true, false]);
    assertEquals(await store.deleteMany(["key"]), [false]);
    await driver.setItem("key", "new");
    await driver.removeItem("key");
    await assertRejects(() => store.clear(), SocketError);
    await assertRejects(() => driver.clear(), SocketError);
    await assertRejects(() => driver.getKeys(), SocketError);
    await counter.become("up");
    while (await store.get("key") === undefined) await new Promise((go) => setTimeout(go, 1));
    assertEquals([await store.get("key"), await driver.getItem("key")], ["old", "old"]);
    assert(client.servers[0]!.missed > 0);
  });
});
