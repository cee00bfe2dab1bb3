/**
 * Prints what clients do, a line for each operation, request, connection and event, to the standard error. It exports
 * nothing: load it before your program, or import it.
 *
 * ```sh
 * deno run --preload jsr:@moecache/moecache/debug main.ts
 * node --import @moecache/moecache/debug main.js
 * bun --preload @moecache/moecache/debug main.ts
 * ```
 *
 * @example What it prints of a get: `moecache 127.0.0.1:11211 get key → miss, 0.4 ms`
 * ```ts
 * import "@moecache/moecache/debug";
 * import { Client } from "@moecache/moecache";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 * await client.get("key");
 * ```
 *
 * @module
 */

import { subscribeLines } from "./debug/subscribe_lines.ts";

// deno-lint-ignore no-console -- this is what the module is for
subscribeLines((line) => console.error(line));
