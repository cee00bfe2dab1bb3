/**
 * An HTTP server on Node with a store of Keyv, which cache-manager, NestJS, cacheable, Apollo Server and Backstage
 * take. Here cache-manager loads a page once for all such servers.
 *
 * ```sh
 * npx jsr add @moecache/moecache
 * npm install cache-manager keyv
 * node examples/keyv.mjs
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { createServer } from "node:http";
import process from "node:process";
import { KeyvMoecache } from "@moecache/moecache/keyv";
import { createCache } from "cache-manager";
import { Keyv } from "keyv";

const { MEMCACHED = "127.0.0.1:11211", PORT = "3000" } = process.env;
const MINUTE = 60_000;

const store = new KeyvMoecache({ servers: MEMCACHED, clientOptions: { timeout: 1000 } });
const keyv = new Keyv({ store, namespace: "pages" });
// While memcached is down, each server renders for each request, and logs this.
keyv.on("error", (error) => console.error(error.message));
const pages = createCache({ stores: [keyv], ttl: MINUTE });

async function render(path) {
  await new Promise((resolve) => setTimeout(resolve, 100)); // what takes its time
  return `${path} rendered at ${new Date().toISOString()} by ${process.pid}\n`;
}

const server = createServer(async ({ url }, response) => {
  response.end(await pages.wrap(url, () => render(url)));
});
server.listen(Number(PORT), () => {
  console.log(`Listening on http://localhost:${server.address().port}/`);
});
