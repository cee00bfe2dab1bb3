/**
 * A program for npm's memcached on which one line has changed, the import. It renders a page once a minute on an HTTP
 * server on Node, for all such servers together.
 *
 * ```sh
 * npx jsr add @moecache/moecache
 * node examples/memcached_drop_in.mjs
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { createServer } from "node:http";
import process from "node:process";
import Memcached from "@moecache/moecache/memcached"; // it was "memcached"

const { MEMCACHED = "127.0.0.1:11211", PORT = "3000" } = process.env;
const MINUTE = 60;

const memcached = new Memcached(MEMCACHED.split(","), { timeout: 1000, namespace: "pages:" });
memcached.on("failure", ({ server, messages }) => console.error(server, messages.join("; ")));

function render(path, callback) {
  setTimeout(() => { // what takes its time
    callback({ path, renderedAt: new Date().toISOString(), by: process.pid });
  }, 100);
}

const server = createServer(({ url }, response) => {
  const answer = (page) => response.end(`${JSON.stringify(page)}\n`);
  memcached.get(url, (error, found) => {
    if (found !== undefined) return answer(found);
    render(url, (page) => {
      answer(page);
      // While memcached is down, each page is rendered for each request.
      if (!error) memcached.set(url, page, MINUTE, () => {});
    });
  });
});
server.listen(Number(PORT), () => {
  console.log(`Listening on http://localhost:${server.address().port}/`);
});
