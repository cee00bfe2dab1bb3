/** Defaults: what the tables of the documentation name is what happens. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Client,
  ClientException,
  compressed,
  type KeyCommands,
  rawTranscoder,
} from "@moecache/moecache";
import { lock, once } from "@moecache/moecache/patterns";
import { MemcachedServer } from "@moecache/moecache/testing";
import { largeValues, spread, tagged } from "@moecache/moecache/views";
import { resolveOptions } from "../../src/client_options.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { turn } from "../support/turns.ts";
import { readPage } from "./pages.ts";

/** The default that the table under a heading of a page has for an option. */
function defaultOf(page: string, heading: string, option: string): string {
  const { text } = readPage(page);
  const start = text.search(new RegExp(`^#+ ${heading}$`, "m"));
  assert(start >= 0, `${page} has no heading ${heading}`);
  const cell = new RegExp(`^\\| \`${option}\` .*\\| ([^|]*)\\|$`, "m").exec(text.slice(start));
  assert(cell !== null, `${page} has no option ${option}`);
  return cell[1]!.trim();
}

/** The number that a default begins with: `30`, `1,000,000`, `2^20`, `64 MiB`. */
function numberOf(text: string): number {
  const [, base, power = "1", unit] = /^([\d,]+)(?:\^(\d+))?( MiB)?/.exec(text) ?? [];
  assert(base !== undefined, `${text} is no number`);
  return Number(base.replaceAll(",", "")) ** Number(power) * (unit === undefined ? 1 : 2 ** 20);
}

/** The seconds that an item has left. */
async function timeLeft(client: Client, key: string): Promise<number> {
  const { flags } = await client.meta("mg", key, ["t"]);
  return Number(flags.t);
}

/** A client on a server whose time stands still. */
async function withClient(body: (client: Client, address: string) => Promise<void>): Promise<void> {
  const now = Date.now();
  await using server = await MemcachedServer.listen({ now: () => now });
  await using client = new Client(server.address);
  await body(client, server.address);
}

/** How many seconds of a clock pass until a promise has ended. */
async function secondsUntil(
  client: Client,
  clock: FakeClock,
  ended: Promise<unknown>,
): Promise<number> {
  let isOver = false;
  const end = () => void (isOver = true);
  ended.then(end, end);
  const start = clock.now();
  while (!isOver) {
    clock.tick(100);
    // The clock stands still while an answer is on its way, which takes a busy machine many turns.
    do await turn(); while (client.servers.some(({ pending }) => pending > 0));
  }
  return (clock.now() - start) / 1000;
}

Deno.test("a client has the defaults of docs/options.md", () => {
  const options = resolveOptions({ transcoder: rawTranscoder });
  const numbers = [
    "stallTimeout",
    "connections",
    "maxPending",
    "maxPendingBytes",
    "maxValueBytes",
    "failuresBeforeDead",
    "retries",
    "probeDelay",
    "maxProbeDelay",
  ] as const;
  for (const name of numbers) {
    const documented = numberOf(defaultOf("docs/options.md", "Options of a client", name));
    assertEquals(options[name], documented, name);
  }
  assertEquals([options.timeout, options.connectTimeout], [Infinity, 10_000]);
  assertEquals([options.failover, options.keepAlive, options.noDelay], ["error", true, true]);
  assertEquals([options.direct, options.counters.client], [true, "moecache"]);
});

Deno.test("a gutter and the embedded server have the defaults of their pages", async () => {
  const { failover } = resolveOptions({
    transcoder: rawTranscoder,
    failover: { gutter: "127.0.0.1:1" },
  });
  assertEquals(typeof failover === "object" && failover.maxExptime, 60);
  await withClient(async (client) => {
    const [settings] = await client.stats("settings");
    const documented = (option: string) =>
      numberOf(defaultOf("docs/testing.md", "Testing your own code", option));
    assertEquals(Number(settings?.maxbytes), documented("memoryLimit"));
    assertEquals(Number(settings?.item_size_max), documented("maxItemSize"));
  });
});

Deno.test("getOrSet and once keep the others from working for the time of docs/patterns.md", async () => {
  await withClient(async (client) => {
    const left: Record<string, number> = {};
    await client.getOrSet("getOrSet", async () => {
      left["getOrSet"] = await timeLeft(client, "getOrSet");
    });
    await once(client, "once", async () => {
      left["once"] = await timeLeft(client, "once");
    });
    for (const name of ["getOrSet", "once"]) {
      assertEquals(left[name], numberOf(defaultOf("docs/patterns.md", name, "lockFor")), name);
    }
    await client.getOrSet("value", () => 1);
    assertEquals(await timeLeft(client, "value"), -1);
  });
});

Deno.test("getOrSet, once and lock wait for the time of docs/patterns.md", async () => {
  await withClient(async (holder, address) => {
    const clock = new FakeClock();
    await using client = new Client(address, { clock, stallTimeout: Infinity });
    await client.get("key");
    const [ended, begun] = [deferred<void>(), [deferred<void>(), deferred<void>()]];
    const work = (index: number) => async () => {
      begun[index]!.resolve();
      await ended.promise;
    };
    const working = [holder.getOrSet("getOrSet", work(0)), once(holder, "once", work(1))];
    await Promise.all(begun.map(({ promise }) => promise));
    await lock(holder, "lock", { ttl: 60 });
    const waited = {
      getOrSet: await secondsUntil(client, clock, client.getOrSet("getOrSet", () => 1)),
      once: await secondsUntil(
        client,
        clock,
        assertRejects(() => once(client, "once", () => 1), ClientException),
      ),
      lock: await secondsUntil(
        client,
        clock,
        assertRejects(() => lock(client, "lock", { ttl: 7 }), ClientException),
      ),
    };
    ended.resolve();
    await Promise.all(working);
    const documented = (name: string) => numberOf(defaultOf("docs/patterns.md", name, "waitFor"));
    const expected = { getOrSet: documented("getOrSet"), once: documented("once"), lock: 7 };
    // The last look comes a moment after the time.
    assertEquals(
      Object.fromEntries(Object.entries(waited).map(([name, time]) => [name, Math.floor(time)])),
      expected,
      JSON.stringify(waited),
    );
  });
});

Deno.test("views have the defaults of docs/views.md", async () => {
  await using servers = new AsyncDisposableStack();
  const addresses: string[] = [];
  for (let i = 0; i < 5; i++) {
    addresses.push(servers.use(await MemcachedServer.listen()).address);
  }
  await using client = new Client(addresses);
  const itemsOf = async (store: (client: KeyCommands) => Promise<unknown>) => {
    await client.flushAll();
    await store(client);
    const found = [];
    for await (const item of client.items()) found.push(item);
    return found;
  };
  const inOne = numberOf(defaultOf("docs/views.md", "largeValues", "chunkByteLength"));
  const files = largeValues(client.withTranscoder(rawTranscoder), {
    format: "mcrouter",
    transcoder: rawTranscoder,
  });
  const store = (length: number) => itemsOf(() => files.set("file", new Uint8Array(length)));
  assertEquals([(await store(inOne)).length, (await store(inOne + 1)).length], [1, 3]);

  const items = await itemsOf(() => spread(client, { keys: ["hot"] }).set("hot", "value"));
  const copies = items.filter(({ key }) => key !== "hot");
  const lives = copies.map(({ exptime, lastAccess }) => (+exptime! - +lastAccess) / 1000);
  const documented = (option: string) => numberOf(defaultOf("docs/views.md", "spread", option));
  assertEquals(lives, Array(documented("copies") - 1).fill(documented("maxAge")));

  const counters = await itemsOf(() => tagged(client).set("page", 1, 60, { tags: ["a"] }));
  assert(counters.some(({ key }) => key === "tag:a"));
});

Deno.test("compressed has the defaults of docs/values.md", async () => {
  const documented = (option: string) =>
    numberOf(defaultOf("docs/values.md", "Compression", option));
  const flagsOf = async (length: number) =>
    (await compressed(rawTranscoder).encode(new Uint8Array(length))).flags;
  assertEquals(await flagsOf(documented("threshold")), documented("flag"));
  assertEquals(await flagsOf(documented("threshold") - 1), 0);
});
