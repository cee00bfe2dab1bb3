/**
 * A program for memjs on which one line has changed, the import. It counts visits to an HTTP server on Node, for all
 * such servers together. Its servers are those of `MEMCACHIER_SERVERS`, as with memjs.
 *
 * ```sh
 * npx jsr add @moecache/moecache
 * MEMCACHIER_SERVERS=127.0.0.1:11211 node examples/memjs_drop_in.mjs
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { createServer } from "node:http";
import process from "node:process";
import memjs from "@moecache/moecache/memjs"; // it was "memjs"

const { PORT = "3000" } = process.env;
const HOUR = 60 * 60;

const client = memjs.Client.create(undefined, { timeout: 1, retries: 1, expires: HOUR });

const server = createServer(async ({ url }, response) => {
  try {
    const { value } = await client.increment(`visits:${url}`, 1, { initial: 1 });
    await client.set("last", url);
    const { value: last } = await client.get("last"); // a Buffer
    response.end(`Visit ${value}; the last was to ${last}\n`);
  } catch (error) {
    // While memcached is down, an operation fails after its retries.
    console.error(error.message);
    response.end("Visits are not counted now\n");
  }
});
server.listen(Number(PORT), () => {
  console.log(`Listening on http://localhost:${server.address().port}/`);
});
