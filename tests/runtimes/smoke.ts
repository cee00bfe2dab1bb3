/**
 * What the module does for those who use it, in a minute's reading: run on every runtime against a memcached
 * at an address, from the sources, a bundle or the package. It throws where something is not as it should be.
 *
 * @module
 */

import { Client, moecacheRing, SocketError, TimeoutError } from "../../mod.ts";
import { MoecacheCacheStorage } from "../../src/adapters/cache.ts";
import { KeyvMoecache } from "../../src/adapters/keyv.ts";
import moecacheDriver from "../../src/adapters/unstorage.ts";
import { lock, memoize, once, rateLimit } from "../../src/patterns/mod.ts";
import { listed } from "../support/listed.ts";

/** An address that nothing listens at: of the discard service, which has gone out of use. */
const NOBODY = "127.0.0.1:9";
const LARGE = 1_000_000;

/** Whether two things are the same, as JSON has them. */
function same(actual: unknown, expected: unknown): void {
  const [shown, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (shown !== wanted) throw new Error(`${shown?.slice(0, 200)} is not ${wanted?.slice(0, 200)}`);
}

async function rejection(operation: Promise<unknown>): Promise<unknown> {
  try {
    await operation;
  } catch (error) {
    return error;
  }
  throw new Error("The operation did not fail");
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`It is not so that ${what}`);
}

/**
 * Makes a client do a bit of everything.
 *
 * @param address A memcached that may be filled and emptied.
 */
export async function smoke(address: string): Promise<void> {
  for (const io of ["direct", "streams"] as const) {
    await using client = new Client(address, { timeout: 10_000, io });
    await client.flushAll();
    await readAndWrite(client);
    await together(client);
    await large(client);
    await buildOn(client);
  }
  await listAndWatch(address);
  await adapt(address);
  await fail(address);
}

async function readAndWrite(client: Client): Promise<void> {
  await client.set("text", "grüße 😀");
  same(await client.get("text"), "grüße 😀");
  await client.set("record", { n: 1, list: [true, null, "x"] });
  same(await client.get("record"), { n: 1, list: [true, null, "x"] });
  same(await client.get("missing"), undefined);
  same(await client.add("text", "other"), false);
  same(await client.append("text", "!"), true);
  same(await client.get("text"), "grüße 😀!");
  same(await client.delete("text"), true);
  same(String(await client.incr("count", 5n, { initial: 37n })), "37");
  same(String(await client.incr("count", 5n)), "42");
  const [version] = await client.version();
  check(/^\d+\.\d+/.test(version ?? ""), "the server tells its version");
}

async function together(client: Client): Promise<void> {
  const keys = Array.from({ length: 1000 }, (_, i) => `key:${i}`);
  await Promise.all(keys.map((key) => client.set(key, key)));
  same(await Promise.all(keys.map((key) => client.get(key))), keys);
  same((await client.getMany(keys)).size, keys.length);
}

async function large(client: Client): Promise<void> {
  const text = Array.from({ length: LARGE / 10 }, (_, i) => `${i}`.padStart(10, "0")).join("");
  await client.set("large", text);
  const found = await Promise.all([client.get("large"), client.get("key:1"), client.get("large")]);
  check(found[0] === text && found[2] === text, "a large value comes back as it was");
  same(found[1], "key:1");
}

async function buildOn(client: Client): Promise<void> {
  let loads = 0;
  const load = () => Promise.resolve(++loads);
  const asked = [1, 2, 3].map(() => client.getOrSet("computed", load, { exptime: 60 }));
  same(await Promise.all(asked), [1, 1, 1]);
  await client.update("counted", (value) => (value as number ?? 0) + 1);
  same(await client.get("counted"), 1);
  const users = client.namespace("users:");
  await users.set("1", "Ada");
  same(await users.get("1"), "Ada");
  same([typeof lock, typeof memoize, typeof once, typeof rateLimit], Array(4).fill("function"));
}

async function listAndWatch(address: string): Promise<void> {
  await using client = new Client(address, { timeout: 10_000 });
  await client.flushAll();
  await client.set("listed", 1);
  const events = client.watch(["fetchers"]);
  await events.ready;
  same([...(await listed(() => client.items(), 1)).keys()], ["listed"]);
  const reader = events.getReader();
  const seen = reader.read();
  await client.get("listed");
  same((await seen).value?.type, "item_get");
  await reader.cancel();
}

async function adapt(address: string): Promise<void> {
  await using store = new KeyvMoecache({ servers: address });
  await store.set("1", "Ada");
  same(await store.get("1"), "Ada");
  const driver = moecacheDriver({ servers: address });
  await driver.setItem("users:1", "Ada");
  same(await driver.getItem("users:1"), "Ada");
  await driver.dispose();
  await using client = new Client(address, { timeout: 10_000 });
  const cache = await new MoecacheCacheStorage(client).open("pages");
  await cache.put("https://example.com/", new Response("Hello"));
  same(await (await cache.match("https://example.com/"))?.text(), "Hello");
  await using held = await lock(client, "report", { ttl: 30 });
  same(held.key, "report");
}

async function fail(address: string): Promise<void> {
  await using refused = new Client(NOBODY, { timeout: 10_000 });
  const error = await rejection(refused.get("key"));
  check(error instanceof SocketError && error.server === NOBODY, "a refusal is a SocketError");
  await using two = new Client([address, NOBODY], {
    timeout: 10_000,
    locator: (servers) => moecacheRing(servers.slice(0, 1)),
  });
  same(await two.get("missing"), undefined);
  const reason = new Error("enough");
  const controller = new AbortController();
  const aborted = rejection(two.get("key", { signal: controller.signal }));
  controller.abort(reason);
  check(await aborted === reason, "an aborted operation ends with the signal's reason");
  const never: Promise<never> = new Promise(() => {});
  await using silent = new Client("cache.test", {
    timeout: 50,
    dial: () =>
      Promise.resolve({
        readable: new ReadableStream<Uint8Array>({ pull: () => never }),
        writable: new WritableStream<Uint8Array>(),
        close() {},
      }),
  });
  check(await rejection(silent.get("key")) instanceof TimeoutError, "silence is a TimeoutError");
}
