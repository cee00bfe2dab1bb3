/** `items` and `watch`, whatever memcached the client talks to. @module */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  Client,
  ClientException,
  type ClientOptions,
  type ItemsOptions,
  SocketError,
  ValidationException,
  type WatchEvent,
} from "../../mod.ts";
import { listed } from "../support/listed.ts";
import { onEveryServer } from "../support/every_server.ts";
import { until } from "../support/turns.ts";

/** Describes the listing of items and events by clients made with each of these options. */
export function describeListing(
  clients: Readonly<Record<string, ClientOptions>> = { "": {} },
): void {
  onEveryServer("Items", (test) => {
    test("items lists nothing where there is nothing", async (client) => {
      assertEquals(await Array.fromAsync(client.items()), []);
    });

    test("items returns what memcached knows of each item", async (client, _other, { address }) => {
      const before = Date.now();
      await client.set("plain", "value");
      await client.set("a%b", "value", 100);
      await client.get("a%b");
      await client.meta("ms", btoa("\0 \xff"), ["b"], "value");
      const items = await listed(() => client.items(), 3);
      assertEquals([...items.keys()].sort(), ["\0 \xff", "a%b", "plain"]);
      const { exptime, lastAccess, cas, ...plain } = items.get("plain")!;
      const slabClass = 1;
      const { size } = plain;
      assertEquals(plain, { key: "plain", fetched: false, slabClass, size, server: address });
      assertEquals(exptime, undefined);
      assertEquals(cas, (await client.inspect("plain"))?.cas);
      assert(size > 50 && size < 100);
      assert(Math.abs(lastAccess.getTime() - before) < 10_000);
      const escaped = items.get("a%b")!;
      assertEquals(escaped.fetched, true);
      assert(Math.abs(escaped.exptime!.getTime() - before - 100_000) < 10_000);
      const binary = await client.meta("mg", btoa("\0 \xff"), ["b", "v"]);
      assertEquals(new TextDecoder().decode(binary.value), "value");
    });

    test("items lists five thousand items", async (client) => {
      const keys = Array.from({ length: 5000 }, (_, i) => `key:${i}`);
      await client.setMany(new Map(keys.map((key) => [key, key])));
      const items = await Array.fromAsync(client.items(), ({ key }) => key);
      assertEquals(items.sort(), keys.sort());
    });

    test(
      "items lists each server's items, or one server's",
      async (client, _other, { address, start, options }) => {
        await using other = await start();
        await using otherClient = new Client(other.address, options);
        await using both = new Client([address, other.address], options);
        await client.set("a", 1);
        await otherClient.set("b", 1);
        const keysAndServers = async (options?: ItemsOptions) => {
          const items = await listed(() => both.items(options), options === undefined ? 2 : 1);
          return Array.from(items.values(), ({ key, server }) => [key, server]);
        };
        const [ofFirst, ofSecond] = [["a", address], ["b", other.address]];
        assertEquals(await keysAndServers(), [ofFirst, ofSecond]);
        for (const server of [address, 0]) {
          assertEquals(await keysAndServers({ server }), [ofFirst]);
        }
        for (const server of [other.address, 1]) {
          assertEquals(await keysAndServers({ server }), [ofSecond]);
        }
        for (const server of ["elsewhere:1", 2, -1, 0.5, NaN]) {
          assertThrows(() => both.items({ server }), ValidationException, "Cannot use server");
        }
      },
    );

    test("keys lists the keys of items, of all servers or of one", async (
      client,
      _other,
      { address, start, options },
    ) => {
      await using other = await start();
      await using otherClient = new Client(other.address, options);
      await using both = new Client([address, other.address], options);
      assertEquals(await Array.fromAsync(both.keys()), []);
      const keys = Array.from({ length: 5000 }, (_, i) => `a%b:${i}`);
      await client.setMany(new Map(keys.map((key) => [key, key])));
      await client.meta("ms", btoa("\0 \xff"), ["b"], "value");
      await otherClient.set("b", 1);
      const portions = await Array.fromAsync(both.keys());
      assertEquals(portions.every(({ length }) => length > 0), true);
      assertEquals(portions.flat().sort(), ["\0 \xff", ...keys, "b"].sort());
      assertEquals(await Array.fromAsync(both.keys({ server: 1 })), [["b"]]);
      assertThrows(() => both.keys({ server: 2 }), ValidationException, "Cannot use server");
    });

    test("keys ends with the loop, the signal and the client", async (client) => {
      await client.setMany(new Map(Array.from({ length: 5000 }, (_, i) => [`key:${i}`, i])));
      for await (const _ of client.keys()) break;
      const caller = new AbortController();
      const reason = new Error("enough");
      const error = await assertRejects(async () => {
        for await (const _ of client.keys({ signal: caller.signal })) caller.abort(reason);
      });
      assertEquals(error, reason);
      const keys = client.keys();
      await keys.next();
      await client.close();
      await assertRejects(() => Array.fromAsync(keys), SocketError, "the client is closed");
      await assertRejects(() => client.keys().next(), SocketError, "the client is closed");
    });

    test("items closes its connection with the loop", async (client) => {
      await client.setMany(new Map(Array.from({ length: 5000 }, (_, i) => [`key:${i}`, i])));
      for await (const _ of client.items()) break;
      await assertRejects(async () => {
        for await (const _ of client.items()) throw new Error("enough");
      }, "enough");
      // The crawler may not have noticed yet; items waits for it.
      assert((await Array.fromAsync(client.items())).length > 4000);
      await until(async () => (await client.stats())[0]?.curr_connections === "1");
    });

    test("items ends when the signal is aborted, and when the client is closed", async (client) => {
      await client.setMany(new Map(Array.from({ length: 5000 }, (_, i) => [`key:${i}`, i])));
      const caller = new AbortController();
      const reason = new Error("enough");
      const error = await assertRejects(async () => {
        for await (const _ of client.items({ signal: caller.signal })) caller.abort(reason);
      });
      assertEquals(error, reason);
      const items = client.items();
      await items.next();
      await client.close();
      await assertRejects(() => items.next(), SocketError, "the client is closed");
      await assertRejects(() => client.items().next(), SocketError, "the client is closed");
    });

    test("items rejects when memcached refuses", async (client, _other, { address }) => {
      await send(address, "lru_crawler disable\r\n");
      const error = await assertRejects(() => client.items().next(), ClientException, address);
      // memcached says the second while the crawler that has to stop has not stopped yet.
      const refusals = ["CLIENT_ERROR lru crawler disabled", "ERROR an unknown error happened"];
      assert(refusals.includes(String(error.item)), String(error.item));
    });
  }, clients);

  onEveryServer(
    "Events",
    (test) => {
      test("watch shows a get and a set", async (client, _other, { address }) => {
        const events = client.watch(["fetchers", "mutations"]);
        await events.ready;
        const before = Date.now();
        await client.set("a%b", "value", 100);
        await client.get("a%b");
        const [lookup, store, hit] = await take(events, 3);
        assert(lookup?.type === "item_get" && store?.type === "item_store");
        assertEquals([lookup.key, lookup.status, lookup.size], ["a%b", "not_found", 0]);
        assertEquals([store.key, store.status, store.command], ["a%b", "stored", "set"]);
        // memcached's clock may tick in between.
        assert(Math.abs(store.ttl - 100) <= 2, `${store.ttl} to live`);
        assertEquals([store.slabClass, store.size], [1, 5]);
        assertEquals(store.server, address);
        assert(Math.abs(store.time - before) < 10_000);
        assert(hit?.type === "item_get" && hit.gid > lookup.gid);
        assertEquals([hit.status, hit.connection, hit.size], ["found", store.connection, 5]);
      });

      test(
        "watch shows the events of every server",
        async (client, _other, { address, start, options }) => {
          await using other = await start();
          await using otherClient = new Client(other.address, options);
          await using both = new Client([address, other.address], options);
          const events = both.watch(["mutations"]);
          await events.ready;
          await Promise.all([client.set("a", 1), otherClient.set("b", 1)]);
          const seen = await take(events, 2);
          assertEquals(seen.map(({ server }) => server).sort(), [address, other.address].sort());
        },
      );

      test(
        "watch shows new connections, and closes its own when it is cancelled",
        async (client, _other, { address }) => {
          const events = client.watch(["connevents"]);
          await events.ready;
          assertEquals(await send(address, "version\r\n"), true);
          const [arrival] = await take(events, 1);
          assert(arrival?.type === "conn_new");
          assertEquals([arrival.remoteAddress, arrival.transport], ["127.0.0.1", "tcp"]);
          await client.get("key");
          await until(async () => (await client.stats())[0]?.curr_connections === "1");
        },
      );

      test("watch fails when memcached does not know a kind, and when too many watch", async (client) => {
        const events = client.watch(["fetchers", "nonsense"]);
        const refusal = await assertRejects(() => events.ready, ClientException, "Cannot watch");
        assertEquals(refusal.item, "ERROR");
        assertStringIncludes(refusal.message, "watch needs memcached 1.4.26 or later");
        assertEquals(await assertRejects(() => take(events, 1)), refusal);
        const watchers = Array.from({ length: 20 }, () => client.watch(["evictions"]));
        await Promise.all(watchers.map(({ ready }) => ready));
        const late = client.watch(["evictions"]);
        await assertRejects(() => take(late, 1), ClientException, "WATCHER_TOO_MANY");
        await Promise.all(watchers.map((events) => events.cancel()));
      });

      test("watch fails with the signal's reason, and when the client is closed", async (client) => {
        const caller = new AbortController();
        const reason = new Error("enough");
        const aborted = client.watch(["fetchers"], { signal: caller.signal });
        const closed = client.watch(["fetchers"]);
        await Promise.all([aborted.ready, closed.ready]);
        const next = take(aborted, 1);
        caller.abort(reason);
        assertEquals(await assertRejects(() => next), reason);
        const last = take(closed, 1);
        await Promise.all([
          assertRejects(() => last, SocketError, "the client is closed"),
          client.close(),
        ]);
        const late = client.watch(["fetchers"]);
        await assertRejects(() => late.ready, SocketError, "the client is closed");
        await assertRejects(() => take(late, 1), SocketError, "the client is closed");
      });
    },
    clients,
    "new",
  );
}

/** Takes so many events, and cancels the stream. */
async function take(events: ReadableStream<WatchEvent>, count: number): Promise<WatchEvent[]> {
  const taken: WatchEvent[] = [];
  for await (const event of events) if (taken.push(event) === count) break;
  return taken;
}

/** Sends a command on a connection of its own; tells whether there was an answer. */
async function send(address: string, request: string): Promise<boolean> {
  const [hostname, port] = address.split(":");
  using socket = await Deno.connect({ hostname: hostname!, port: Number(port) });
  await socket.write(new TextEncoder().encode(request));
  return await socket.read(new Uint8Array(100)) !== null;
}
