/** Backstage's own `CacheManager`, on Node, with the store in the place of `@keyv/memcache` as `docs/adapters.md` says. */

import { assertEquals } from "@std/assert";
import { exec } from "../../package/exec.ts";
import { SERVERS } from "./servers.ts";
import { BACKSTAGE_CACHE, installProgram } from "./built_apps.ts";

const AWAY = "127.0.0.1:1";

/** The two files of the page. */
const STAND_IN = {
  "package.json": `{ "name": "@keyv/memcache", "version": "2.0.2" }`,
  "index.js": `module.exports = require("@moecache/moecache/keyv");`,
};

const { usual } = await installProgram(BACKSTAGE_CACHE);
for (const [name, text] of Object.entries(STAND_IN)) {
  const file = new URL(`node_modules/@keyv/memcache/${name}`, BACKSTAGE_CACHE.folder);
  await Deno.writeTextFile(file, text);
}

async function runOn(address: string): Promise<{ found: unknown[]; errors: string[] }> {
  const args = ["program.cjs", `memcached://${address}`];
  return JSON.parse(await exec(usual, args, { cwd: BACKSTAGE_CACHE.folder }));
}

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`Backstage: two processes share the caches of their plugins on ${kind}`, async () => {
    await using memcached = await start();
    const { found, errors } = await runOn(memcached.address);
    const expected = [22, 5, 1000].flatMap((name) => [{ name }, "other", null, null]);
    assertEquals([found, errors], [expected, []]);
  });
}

Deno.test("Backstage continues without memcached, and reports it", async () => {
  const { found, errors } = await runOn(AWAY);
  assertEquals(found, Array(12).fill(null));
  // Of writes, Keyv 5 tells only those that listen to itself, and Backstage listens to the store.
  assertEquals(errors, Array(12).fill("SocketError"));
});
