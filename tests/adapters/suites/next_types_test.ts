/** What Next.js says of its handlers, in its own types. */

import { assertEquals } from "@std/assert";
import { type NextCacheEntry, nextCacheHandler } from "@moecache/moecache/next";
import type { CacheEntry, CacheHandler } from "./next_app/node_modules/next/cache.d.ts";

Deno.test("Next.js: a handler and its entries are of Next's types", async () => {
  const handler: CacheHandler = nextCacheHandler({ servers: "127.0.0.1:1", onError: () => {} });
  const entry: CacheEntry | undefined = await handler.get("key", []);
  const same: NextCacheEntry | undefined = entry;
  assertEquals(same, undefined);
});
