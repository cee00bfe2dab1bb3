/**
 * Moves a deployment from memjs to moecache, on Node. memjs stores bytes under flags 0. A transcoder that
 * reads those as well lets the new program start while the cache is warm; what it writes is moecache's, so
 * after the longest exptime the transcoder may go.
 *
 * ```sh
 * npm install memjs # and @moecache/moecache
 * node examples/migrate_from_memjs.mjs
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { Client, moecacheTranscoder } from "@moecache/moecache";
import memjs from "memjs";

const server = process.env.MEMCACHED ?? "127.0.0.1:11211";

/** @type {import("@moecache/moecache").Transcoder} */
const transcoder = {
  ...moecacheTranscoder,
  encode: (value) => moecacheTranscoder.encode(value),
  decode: (item) => {
    if (item.flags !== 0) return moecacheTranscoder.decode(item);
    return new TextDecoder().decode(item.data); // or item.data.slice(), where they are no texts
  },
};

// Before: what the old program wrote.
const old = memjs.Client.create(server);
await old.set("greeting", "Hello from memjs", { expires: 60 });

// After: the new one reads it, and writes in its own way.
const client = new Client(server, { timeout: 1000, transcoder });
console.log(await client.get("greeting"));
await client.set("user:1", { name: "Ada", born: 1815 }, 60);
console.log(await client.get("user:1"));

old.close();
await client.close();
