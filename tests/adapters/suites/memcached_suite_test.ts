/**
 * The tests of npm's memcached, on its drop-in: those that need nothing but a server. The others read the inside of the
 * package, or need a certain port or network, and are named here.
 */

import * as chai from "chai";
import { assertEquals } from "@std/assert";
import { Memcached } from "@moecache/moecache/memcached";
import { MemcachedServer } from "@moecache/moecache/testing";

type Body = (
  this: { timeout(milliseconds: number): void },
  done: (error?: unknown) => void,
) => void;

const FILES = ["add", "cas", "connections", "get-set", "incr-decr", "namespace", "parser", "touch"];

/** Why each of these cannot be run. */
const INTERNAL: Readonly<Record<string, string>> = {
  "chunked response": "calls the parser",
  "should remove a failed server": "port 1234 of an address that is none; see memcached_test.ts",
  "should rebalance to remaining healthy server": "the same, and needs redundancy",
  "should properly schedule failed server retries": "reads issues",
  "should properly schedule server reconnection attempts": "counts the reconnections of its timer",
  "should reset failures after reconnecting to failed server": "reads issues",
  "should default to port 11211": "reads connections, and needs port 11211",
  "should not create multiple connections with no port": "the same",
  "should return error on connection timeout":
    "an address in a network that the machine may refuse",
  "should remove connection when idle": "reads the pool",
  "should remove server if error occurs after connection established": "reads the pool",
  "should reset failures if all failures do not occur within failuresTimeout ms": "reads issues",
};

/** The part of Node's `require` that is used. An import of `node:module` would ask for the types of all of Node. */
interface Require {
  // deno-lint-ignore no-explicit-any -- what modules export
  (path: string): any;
  resolve(name: string): string;
  readonly cache: Record<string, { exports: unknown } | undefined>;
}

const { process } = globalThis as unknown as {
  process: { getBuiltinModule(name: string): { createRequire(url: string): Require } };
};
const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);
const found: [name: string, body: Body][] = [];

/** Loads the files of tests, with the drop-in in the place of the package. */
function load(): { servers: { single: string; multi: string[] } } {
  const path = require.resolve("memcached");
  require(path);
  const { cache } = require;
  const module = cache[path];
  if (module === undefined) throw new Error("npm's memcached is not in the cache of modules");
  module.exports = Memcached;
  const folder = path.replace(/index\.js$/, "test/");
  const globals = globalThis as Record<string, unknown>;
  globals.describe = (_name: string, body: () => void) => body();
  globals.it = (name: string, body: Body) => found.push([name, body]);
  chai.should(); // stands for should.js
  for (const file of FILES) require(`${folder}memcached-${file}.test.js`);
  delete globals.describe;
  delete globals.it;
  return require(`${folder}common.js`);
}

const common = load();

for (const [name, body] of found) {
  if (name in INTERNAL) continue;
  Deno.test({
    name: `npm's memcached: ${name}`,
    // Some of its tests do not end their clients.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      await using one = await MemcachedServer.listen();
      await using two = await MemcachedServer.listen();
      await using three = await MemcachedServer.listen();
      common.servers.single = one.address;
      common.servers.multi = [one, two, three].map(({ address }) => address);
      await new Promise<void>((resolve, reject) => {
        const done = (error?: unknown) => error ? reject(error) : resolve();
        body.call({ timeout() {} }, done);
      });
    },
  });
}

Deno.test("npm's memcached: all of its tests are found, and those left out are there", () => {
  assertEquals(
    Object.keys(INTERNAL).filter((name) => !found.some(([other]) => other === name)),
    [],
  );
  assertEquals([found.length, Object.keys(INTERNAL).length], [48, 12]);
});
