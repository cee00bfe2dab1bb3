/**
 * A board of notes on Node: what was put there for a day is the same on every such server.
 *
 * ```sh
 * npx jsr add @moecache/moecache
 * npm install unstorage
 * node examples/unstorage.mjs
 * curl --request PUT --data "Buy tea" localhost:3000/shopping
 * curl localhost:3000/shopping
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { createServer } from "node:http";
import process from "node:process";
import { text } from "node:stream/consumers";
import { moecacheDriver } from "@moecache/moecache/unstorage";
import { createStorage } from "unstorage";

const { MEMCACHED = "127.0.0.1:11211", PORT = "3000" } = process.env;
const DAY = 24 * 60 * 60;

const notes = createStorage({
  driver: moecacheDriver({ servers: MEMCACHED, ttl: DAY, clientOptions: { timeout: 1000 } }),
});

async function answer({ method, url }, body) {
  if (method === "PUT") {
    await notes.setItemRaw(url, body);
    return [201, "Noted\n"];
  }
  const note = await notes.getItemRaw(url); // getItem would make an object of a note in JSON
  return note === null ? [404, "There is no such note\n"] : [200, `${note}\n`];
}

const server = createServer(async (request, response) => {
  try {
    const [status, body] = await answer(request, await text(request));
    response.writeHead(status).end(body);
  } catch (error) {
    // While memcached is down, a note is neither found nor missing.
    console.error(error.message);
    response.writeHead(503).end("Please try again\n");
  }
});
server.listen(Number(PORT), () => {
  console.log(`Listening on http://localhost:${server.address().port}/`);
});
