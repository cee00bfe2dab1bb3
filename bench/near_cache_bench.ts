/** Hits of a near cache. Run with `deno bench -A bench/near_cache_bench.ts`. */

import { Client } from "../mod.ts";
import { MemcachedServer } from "../src/testing/mod.ts";
import { nearCache } from "../src/views/mod.ts";

/** How many hits a run takes, one after the other. */
const HITS = 10_000;

const VALUES: Readonly<Record<string, unknown>> = {
  "a string of 10 characters": "x".repeat(10),
  "a record": { id: 5, name: "Ada", tags: ["a", "b"] },
  "1,000 bytes, which are cloned": new Uint8Array(1000),
};

const server = await MemcachedServer.listen();
const client = new Client(server.address);
const near = nearCache(client, { maxBytes: 1_000_000, ttl: 3600, admit: "all" });

for (const [name, value] of Object.entries(VALUES)) {
  const key = `key:${name.length}`;
  await near.set(key, value);
  await near.get(key);
  Deno.bench(`${HITS} hits: ${name}`, async () => {
    for (let i = 0; i < HITS; i++) await near.get(key);
  });
}
