/** Backstage's own `CacheManager`, on Node, with the store in the place of `@keyv/memcache` as `docs/adapters.md` says. */

import { assertEquals } from "@std/assert";
import { exec } from "../../package/exec.ts";
import { CertificateAuthority } from "../../support/certificates.ts";
import { lacksTls, TlsMemcached } from "../../support/memcached_tls.ts";
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

async function runOn(
  address: string,
  { scheme = "memcached", env = {} as Record<string, string> } = {},
): Promise<{ found: unknown[]; errors: string[] }> {
  const args = ["program.cjs", `${scheme}://${address}`];
  return JSON.parse(await exec(usual, args, { cwd: BACKSTAGE_CACHE.folder, env }));
}

/** What two processes find, when they share their caches. */
const SHARED = [22, 5, 1000].flatMap((name) => [{ name }, "other", null, null]);

for (const [kind, start] of Object.entries(SERVERS)) {
  Deno.test(`Backstage: two processes share the caches of their plugins on ${kind}`, async () => {
    await using memcached = await start();
    const { found, errors } = await runOn(memcached.address);
    assertEquals([found, errors], [SHARED, []]);
  });
}

Deno.test("Backstage: memcacheds uses TLS, and trusts what the process trusts", {
  ignore: lacksTls(),
}, async () => {
  const authority = await CertificateAuthority.create("tests");
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, authority.cert);
  await using memcached = await TlsMemcached.start(await authority.issue({ names: ["127.0.0.1"] }));
  const address = `127.0.0.1:${memcached.port}`;
  const trusted = await runOn(address, {
    scheme: "memcacheds",
    env: { NODE_EXTRA_CA_CERTS: file },
  });
  assertEquals([trusted.found, trusted.errors], [SHARED, []]);
  const { found, errors } = await runOn(address, { scheme: "memcacheds" });
  assertEquals([found, errors], [Array(12).fill(null), Array(12).fill("SocketError")]);
  await Deno.remove(file);
});

Deno.test("Backstage continues without memcached, and reports it", async () => {
  const { found, errors } = await runOn(AWAY);
  assertEquals(found, Array(12).fill(null));
  // Of writes, Keyv 5 tells only those that listen to itself, and Backstage listens to the store.
  assertEquals(errors, Array(12).fill("SocketError"));
});
