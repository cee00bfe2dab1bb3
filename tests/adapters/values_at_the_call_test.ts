/** Adapters store values as they are at the time of the call, whatever the program does with them afterwards. */

import { assertEquals } from "@std/assert";
import { Client, type ClientOptions, SocketError } from "../../mod.ts";
import { KeyvMoecache } from "../../src/adapters/keyv.ts";
import { Memcached } from "../../src/adapters/memcached.ts";
import { Client as MemjsClient } from "../../src/adapters/memjs.ts";
import { nextIncrementalCacheHandler } from "../../src/adapters/next.ts";
import {
  honoSessionsStore,
  honoSessionStorage,
  moecacheSessionStore,
} from "../../src/adapters/session.ts";
import { moecacheDriver } from "../../src/adapters/unstorage.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";

/** Stores a value under the key "key", and returns what reads it. */
type Adapter = (
  client: Client,
  value: { text: string },
) => { readonly done: Promise<unknown>; readonly read: () => Promise<unknown> };

const LONG = "x".repeat(300);

const ADAPTERS: Readonly<Record<string, Adapter>> = {
  "Keyv, set": (client, value) => {
    const store = new KeyvMoecache({ client });
    return { done: store.set(LONG, value), read: () => store.get(LONG) };
  },
  "Keyv, setMany": (client, value) => {
    const store = new KeyvMoecache({ client, namespace: "n" });
    return { done: store.setMany([{ key: "key", value }]), read: () => store.get("key") };
  },
  "unstorage, setItemRaw": (client, value) => {
    const driver = moecacheDriver({ client });
    return { done: driver.setItemRaw(LONG, value), read: () => driver.getItemRaw(LONG) };
  },
  "express-session": (client, value) => {
    class Store {}
    const store = moecacheSessionStore({ Store }, { client });
    const session = Object.assign(value, { cookie: {} });
    const done = new Promise((resolve) => store.set("key", session, resolve));
    const read = () => {
      return new Promise((resolve) =>
        store.get("key", (_, found) => resolve({ text: (found as unknown as typeof value)?.text }))
      );
    };
    return { done, read };
  },
  "hono-sessions": (client, value) => {
    const store = honoSessionsStore({ client });
    const done = store.createSession("key", Object.assign(value, { _expire: null }));
    const read = async () => {
      const found = await store.getSessionById<typeof value & { _expire: null }>("key");
      return { text: found?.text };
    };
    return { done, read };
  },
  "@hono/session": (client, value) => {
    const onError = (error: unknown) => {
      throw error;
    };
    const storage = honoSessionStorage({ client, onError });
    storage.set("key", { text: "earlier" });
    storage.set("key", value);
    return { done: storage.written(), read: () => storage.get("key") };
  },
  "Next's incremental cache": (client, value) => {
    const Handler = nextIncrementalCacheHandler({ client, buildId: "build" });
    const handler = new Handler({});
    const done = handler.set("key", { kind: "ROUTE", headers: value, body: new Uint8Array() });
    const read = async () => (await handler.get("key"))?.value?.headers;
    return { done, read };
  },
};

for (const [name, store] of Object.entries(ADAPTERS)) {
  Deno.test(`${name} stores values as they were at the time of the call`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    const value = { text: "before" };
    const { done, read } = store(client, value);
    value.text = "after";
    await done;
    assertEquals(await read(), { text: "before" });
  });
}

Deno.test("Keyv and unstorage store bytes as they were at the time of the call", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const keyv = new KeyvMoecache({ client });
  const driver = moecacheDriver({ client });
  for (const store of [keyv.set.bind(keyv), driver.setItemRaw]) {
    const bytes = new Uint8Array([1, 2, 3]);
    const done = store("key", bytes);
    bytes.fill(9);
    await done;
  }
  assertEquals(await keyv.get("key"), new Uint8Array([1, 2, 3]));
  assertEquals(await driver.getItemRaw("key"), new Uint8Array([1, 2, 3]));
});

/** Options of a client whose first connection fails. */
function failingOnce(port: number): ClientOptions {
  let dials = 0;
  const dial = async () => {
    if (dials++ === 0) throw new SocketError("out of order");
    return await Deno.connect({ hostname: "127.0.0.1", port });
  };
  return { dial };
}

Deno.test("memjs sends a value again as it was at the time of the call", async () => {
  await using server = await MemcachedServer.listen();
  const client = MemjsClient.create(server.address, {
    "retry_delay": 0,
    logger: { log() {} },
    clientOptions: failingOnce(server.port),
  });
  const value = new TextEncoder().encode("before");
  const done = client.set("key", value);
  value.fill(63);
  await done;
  assertEquals(`${(await client.get("key")).value}`, "before");
  client.close();
});

Deno.test("memcached sends a value again as it was at the time of the call", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Memcached(server.address, {
    ...{ retries: 1, minTimeout: 0, maxTimeout: 0 },
    clientOptions: failingOnce(server.port),
  });
  const value = { text: "before" };
  const done = new Promise((resolve) => client.set("key", value, 0, resolve));
  value.text = "after";
  assertEquals(await done, undefined);
  const found = await new Promise((resolve) => client.get("key", (_, found) => resolve(found)));
  assertEquals(found, { text: "before" });
  client.end();
});
