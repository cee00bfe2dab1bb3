/**
 * Moves a deployment from memjs to moecache, on Node. memjs stores bytes under flags 0. A transcoder that
 * reads those as well lets the new program start while the cache is warm. What it writes is moecache's, so the
 * transcoder can go after the longest exptime. The locator finds keys where memjs put them; it stays as long as
 * there is more than one server, or until `migrate` has moved the keys to another ring.
 *
 * ```sh
 * npx jsr add @moecache/moecache
 * npm install memjs
 * node examples/migrate_from_memjs.mjs
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { Client, moecacheTranscoder } from "@moecache/moecache";
import { memjsModulo } from "@moecache/moecache/rings";
import memjs from "memjs";

// One server, or several with commas between them, in the same order for both.
const servers = process.env.MEMCACHED ?? "127.0.0.1:11211";

/** @type {import("@moecache/moecache").Transcoder} */
const transcoder = {
  ...moecacheTranscoder,
  encode: (value) => moecacheTranscoder.encode(value),
  decode: (item) => {
    if (item.flags !== 0) return moecacheTranscoder.decode(item);
    return new TextDecoder().decode(item.data); // or item.data.slice() for bytes
  },
};

// Before: what the old program wrote.
const old = memjs.Client.create(servers);
await old.set("greeting", "Hello from memjs", { expires: 60 });

// After: the new one reads it, and writes in its own way.
const client = new Client(servers, { timeout: 1000, locator: memjsModulo, transcoder });
console.log(await client.get("greeting"));
await client.set("user:1", { name: "Ada", born: 1815 }, 60);
console.log(await client.get("user:1"));

old.close();
await client.close();
