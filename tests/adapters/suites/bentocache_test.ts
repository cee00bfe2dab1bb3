/** bentocache's own suite for drivers, on Node, and bentocache itself with the driver as its second layer. */

import { assertEquals, assertRejects } from "@std/assert";
import { BentoCache, bentostore, errors } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { moecacheDriver } from "@moecache/moecache/bentocache";
import { install, USUAL_NODE } from "../../package/tool.ts";
import { bundle } from "../../runtimes/bundle.ts";
import { SERVERS } from "./servers.ts";

const SUITE = new URL("bentocache_suite.mjs", import.meta.url).pathname;
const DRIVER = new URL("../../../src/adapters/bentocache.ts", import.meta.url);
const AWAY = "127.0.0.1:1";

/** Makes a cache as a process has it: with its own memory, or without. */
function makeCache(
  servers: string,
  { hasMemory = true, suppressL2Errors = undefined as boolean | undefined } = {},
) {
  const logger = { ...QUIET, child: () => logger };
  const store = bentostore().useL2Layer(moecacheDriver({ servers }));
  return new BentoCache({
    default: "shared",
    logger,
    ...(suppressL2Errors === undefined ? {} : { suppressL2Errors }),
    stores: { shared: hasMemory ? store.useL1Layer(memoryDriver({ maxSize: "1mb" })) : store },
  });
}

const none = () => {};
const QUIET = { trace: none, debug: none, info: none, warn: none, error: none, fatal: none };

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`bentocache/test_suite passes on Node and ${kind}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await bundle(DRIVER, `${folder}/driver.mjs`);
      await using memcached = await start();
      const { code, stdout, stderr } = await new Deno.Command(await install(USUAL_NODE), {
        args: [SUITE],
        env: { MEMCACHED: memcached.address, MOECACHE: `file://${folder}/driver.mjs` },
      }).output();
      const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      const { aggregates } = JSON.parse(output.trim().split("\n").at(-1) ?? "{}");
      const none = { failed: 0, regression: 0, skipped: 0, todo: 0 };
      assertEquals(aggregates, { total: 21, passed: 21, ...none }, output);
      assertEquals(code, 0, output);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

  Deno.test(`bentocache: two processes share values, tags and namespaces on ${kind}`, async () => {
    await using memcached = await start();
    const [one, two] = [makeCache(memcached.address), makeCache(memcached.address)];
    let loads = 0;
    const factory = () => ({ name: "Ada", load: ++loads });
    const users = { key: "users:1", ttl: "10m", tags: ["people"], factory };
    assertEquals(await one.getOrSet(users), { name: "Ada", load: 1 });
    assertEquals(await two.getOrSet(users), { name: "Ada", load: 1 });
    assertEquals(await two.namespace("users").get({ key: "1" }), { name: "Ada", load: 1 });
    await one.deleteByTag({ tags: ["people"] });
    // The memory of each process is its own: one without asks memcached.
    const three = makeCache(memcached.address, { hasMemory: false });
    assertEquals(await three.getOrSet(users), { name: "Ada", load: 2 });
    assertEquals(await three.has({ key: "users:1" }), true);
    await one.namespace("users").clear();
    assertEquals(await three.get({ key: "users:1" }), undefined);
    assertEquals(await three.set({ key: "users:2", value: "Bob" }), true);
    assertEquals(await three.pull("users:2"), "Bob");
    assertEquals(await three.deleteMany({ keys: ["users:1", "users:2"] }), true);
    for (const cache of [one, two, three]) await cache.disconnectAll();
  });
}

Deno.test("bentocache: without memcached the memory layer continues, and without a memory layer it is an error", async () => {
  const withMemory = makeCache(AWAY);
  const factory = () => "loaded";
  assertEquals(await withMemory.getOrSet({ key: "key", factory }), "loaded");
  assertEquals(await withMemory.get({ key: "key" }), "loaded");
  const strict = makeCache(AWAY, { suppressL2Errors: false });
  await assertRejects(() => strict.get({ key: "key" }), errors.E_L2_CACHE_ERROR);
  const alone = makeCache(AWAY, { hasMemory: false });
  await assertRejects(() => alone.getOrSet({ key: "key", factory }), errors.E_L2_CACHE_ERROR);
  const suppressing = makeCache(AWAY, { hasMemory: false, suppressL2Errors: true });
  assertEquals(await suppressing.getOrSet({ key: "key", factory }), "loaded");
  for (const cache of [withMemory, strict, alone, suppressing]) await cache.disconnectAll();
});
