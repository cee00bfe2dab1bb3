/**
 * Reads with one of npm's clients what moecache wrote, and writes what expressions make. It is told on standard input
 * what to do, and answers with what it read, as `util.inspect` shows it.
 */
"use strict";

const { inspect } = require("node:util");

/** Each makes a client of a server: `get`, `set` and `end`. */
const CLIENTS = {
  memcached(server) {
    const Memcached = require("memcached");
    const client = new Memcached(server);
    const call = (name, ...args) =>
      new Promise((resolve, reject) => {
        client[name](...args, (error, result) => error ? reject(error) : resolve(result));
      });
    return {
      get: (key) => call("get", key),
      set: (key, value) => call("set", key, value, 0),
      end: () => client.end(),
    };
  },

  "memcache-client"(server, { compress }) {
    const { MemcacheClient } = require("memcache-client");
    const zlib = require("node:zlib");
    // The interface of zstd.ts, on Node's own.
    const compressor = compress && {
      compressSync: ({ input }) => zlib.zstdCompressSync(input),
      decompressSync: ({ input }) => zlib.zstdDecompressSync(input),
    };
    const client = new MemcacheClient({ server, ...(compressor ? { compressor } : {}) });
    return {
      get: (key) => client.get(key).then((result) => result?.value),
      set: (key, value) => client.set(key, value, { compress: Boolean(compress) }),
      end: () => client.shutdown(),
    };
  },

  async memcache(server) {
    const { Memcache } = await import("memcache");
    const client = new Memcache({ nodes: [server] });
    return {
      get: (key) => client.get(key),
      set: (key, value) => client.set(key, value),
      end: () => client.disconnect(),
    };
  },

  memjs(server) {
    const memjs = require("memjs");
    const client = memjs.Client.create(server);
    return {
      get: (key) => client.get(key).then(({ value }) => value),
      set: (key, value) => client.set(key, value, {}),
      end: () => client.close(),
    };
  },
};

async function main() {
  let input = "";
  for await (const chunk of process.stdin) input += chunk;
  const { port, reads, writes, options } = JSON.parse(input);
  const client = await CLIENTS[options.client](`127.0.0.1:${port}`, options);
  const texts = [];
  for (const key of reads) {
    const value = await client.get(key);
    texts.push(
      inspect(value, { depth: 9, breakLength: Infinity, maxArrayLength: 9, maxStringLength: 99 }),
    );
  }
  for (const [key, expression] of writes) {
    // deno-lint-ignore no-eval
    await client.set(key, eval(expression));
  }
  await client.end();
  process.stdout.write(JSON.stringify(texts));
}

main().then(() => process.exit(0), (error) => {
  process.stderr.write(`${error?.stack ?? error}\n`);
  process.exit(1);
});
