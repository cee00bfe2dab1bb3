/**
 * What @fastify/rate-limit's own tests are run with, on Node: its store in memory gives way to the one on memcached.
 * `MOECACHE` is the path of the adapter's module, `MEMCACHED` the address of a server.
 */

const process = require("node:process");
const { mock } = require("node:test");
const { MEMCACHED, MOECACHE } = process.env;
const { fastifyRateLimitStore } = require(MOECACHE);

// Time stands still but for what a test waits: windows begin at multiples of their length, so that each test begins
// with one, however slow the machine is.
let now = 0;
const wait = globalThis.setTimeout;
Date.now = () => now;
globalThis.setTimeout = (callback, milliseconds = 0, ...args) =>
  wait(() => {
    now += milliseconds;
    callback(...args);
  }, milliseconds);

// A test that has failed leaves its clock behind.
const enable = mock.timers.enable.bind(mock.timers);
mock.timers.enable = (options) => {
  mock.timers.reset();
  enable(options);
};

/** Counts apart from the stores of other tests, as one in memory does. */
let stores = 0;
function LocalStore(continueExceeding, exponentialBackoff) {
  const prefix = `${process.pid}-${++stores}:`;
  const Store = fastifyRateLimitStore({ servers: MEMCACHED, prefix });
  return new Store({ continueExceeding, exponentialBackoff });
}

const filename = require.resolve("@fastify/rate-limit/store/LocalStore.js");
require.cache[filename] = { id: filename, filename, loaded: true, exports: LocalStore };
