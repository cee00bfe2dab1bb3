/**
 * The tests of npm's memcached, with its drop-in in the place of the package: those that need nothing but a server. The
 * others read the inside of the package, or need a certain port or network, and are named here.
 */

import * as chai from "chai";

const FILES = ["add", "cas", "connections", "get-set", "incr-decr", "namespace", "parser", "touch"];

/** Why each of these cannot be run. */
export const LEFT_OUT = {
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

/** It waits for its three retries, which take as long on each runtime: 13 seconds. */
export const LONG = "should call the callback only once if theres an error";

/**
 * It stores for a second, and touches the item in that second. memcached counts whole seconds, so it has to begin with
 * one.
 */
const IN_ONE_SECOND = "changes lifetime";

/**
 * Finds the tests.
 *
 * @param require Node's, for this folder.
 * @param Memcached The drop-in.
 * @returns The names of all of them, those that are left out as well, and what runs each on three servers.
 */
export function findTests(require, Memcached) {
  const path = require.resolve("memcached");
  require(path);
  require.cache[path].exports = Memcached;
  const folder = path.replace(/index\.js$/, "test/");
  const { servers } = require(`${folder}common.js`);
  const found = [];
  globalThis.describe = (_name, body) => body();
  globalThis.it = (name, body) =>
    found.push([name, (addresses) => run(name, body, servers, addresses)]);
  chai.should(); // stands for should.js
  for (const file of FILES) require(`${folder}memcached-${file}.test.js`);
  delete globalThis.describe;
  delete globalThis.it;
  return found;
}

/** Runs a test, which calls back when it is done. */
async function run(name, body, servers, addresses) {
  [servers.single] = addresses;
  servers.multi = addresses;
  if (name === IN_ONE_SECOND) await nextSecond();
  await new Promise((resolve, reject) => {
    const done = (error) => error ? reject(error) : resolve();
    body.call({ timeout() {} }, done);
  });
}

/** Waits until a second has begun; a timer may be a little early. */
function nextSecond() {
  return new Promise((resolve) => setTimeout(resolve, 1010 - Date.now() % 1000));
}
