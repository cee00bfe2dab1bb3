/**
 * An HTTP server on Node which keeps what it has loaded in its own memory, and behind that in memcached for all such
 * servers.
 *
 * ```sh
 * npx jsr add @moecache/moecache
 * npm install bentocache
 * node examples/bentocache.mjs
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { createServer } from "node:http";
import process from "node:process";
import { moecacheDriver } from "@moecache/moecache/bentocache";
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";

const { MEMCACHED = "127.0.0.1:11211", PORT = "3000" } = process.env;

const bento = new BentoCache({
  default: "pages",
  ttl: "1m",
  stores: {
    // While memcached is down, each server has its own memory.
    pages: bentostore()
      .useL1Layer(memoryDriver({ maxSize: "10mb" }))
      .useL2Layer(moecacheDriver({ servers: MEMCACHED, clientOptions: { timeout: 1000 } })),
  },
});

async function render(path) {
  await new Promise((resolve) => setTimeout(resolve, 100)); // what takes its time
  return `${path} rendered at ${new Date().toISOString()} by ${process.pid}\n`;
}

const server = createServer(async (request, response) => {
  const path = request.url ?? "/";
  const page = await bento.namespace("html").getOrSet({ key: path, factory: () => render(path) });
  response.end(page);
});
server.listen(Number(PORT), () => {
  console.log(`Listening on http://localhost:${server.address().port}/`);
});
