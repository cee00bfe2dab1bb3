// @ts-check
/** npm `memcache-client`: the text protocol, one connection, JSON for objects. @module */

import { Buffer } from "node:buffer";
import { createRequire } from "node:module";

/** @import { Connect, Notes } from "../adapter.ts" */

const { MemcacheClient } = createRequire(new URL("../rivals/", import.meta.url))("memcache-client");

/** Without it values expire after a minute. */
const FOR_EVER = { lifetime: 0 };

/** @type {Notes} */
export const notes = { record: "JSON" };

/** @type {Connect} */
export const connect = (servers, kind) => {
  // Several servers are replicas of each other to it; a list is good for construction alone.
  const list = servers.map((server) => ({ server, maxConnections: 1 }));
  const client = new MemcacheClient({
    server: list.length === 1 ? list[0] : { servers: list },
  });
  /** @type {(value: any) => unknown} */
  const encode = kind === "bytes"
    ? (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : (value) => value;
  return {
    get: async (key) => (await client.get(key))?.value,
    set: (key, value) => client.set(key, encode(value), FOR_EVER),
    getMany: async (keys) => {
      const found = await client.get(keys);
      return keys.map((key) => found[key]?.value);
    },
  };
};
