/**
 * Two processes of a backend of Backstage, as far as its cache goes: each has the `CacheManager` that makes the caches of
 * its plugins. The argument is `backend.cache.connection`. It prints as JSON what was found and what was reported.
 */
"use strict";

const process = require("node:process");
const { CacheManager } = require("@backstage/backend-defaults/cache");
const { ConfigReader } = require("@backstage/config");

const [, , connection] = process.argv;
const MINUTE = { minutes: 1 };
const errors = [];

function startProcess() {
  const cache = { store: "memcache", connection, defaultTtl: 60_000 };
  const config = new ConfigReader({ backend: { cache } });
  return CacheManager.fromConfig(config, { onError: (error) => errors.push(error.name) });
}

async function main() {
  const [one, two] = [startProcess(), startProcess()];
  const found = [];
  for (const key of ["component:default/site", "a b ☕", "x".repeat(1000)]) {
    const [written, read] = [one, two].map((manager) => manager.forPlugin("catalog"));
    await written.set(key, { name: key.length });
    found.push(await read.get(key));
    await read.withOptions({ defaultTtl: 1000 }).set(key, "other", { ttl: MINUTE });
    found.push(await written.get(key), await one.forPlugin("search").get(key));
    await written.delete(key);
    found.push(await read.get(key));
  }
  // The clients of a backend live as long as its process, which is written to by its caller.
  process.stdout.write(JSON.stringify({ found, errors }), () => process.exit(0));
}

main();
