// @ts-check
/** npm `memcached`: the text protocol, ten connections per server. @module */

import { Buffer } from "node:buffer";
import { createRequire } from "node:module";

/** @import { Connect, Notes } from "../adapter.ts" */

const Memcached = createRequire(new URL("../rivals/", import.meta.url))("memcached");

/** The largest value it is allowed to send; its default refuses a megabyte of bytes. */
const MAX_VALUE = 4 << 20;

/** @type {Notes} */
export const notes = { bytes: "as UTF-8 of Latin-1 text", record: "JSON" };

/** @type {Connect} */
export const connect = (servers, kind) => {
  const client = new Memcached(servers, { maxValue: MAX_VALUE });
  /** @type {(method: string, ...args: unknown[]) => Promise<any>} */
  const call = (method, ...args) =>
    new Promise((resolve, reject) => {
      client[method](
        ...args,
        (/** @type {unknown} */ error, /** @type {unknown} */ result) => {
          // It empties the list of errors that it has passed as soon as this returns.
          if (error) {
            reject(Array.isArray(error) ? new AggregateError([...error]) : error);
          } else resolve(result);
        },
      );
    });
  /** @type {(value: any) => unknown} */
  const encode = kind === "bytes"
    ? (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : (value) => value;
  return {
    get: (key) => call("get", key),
    set: (key, value) => call("set", key, encode(value), 0),
    getMany: async (keys) => {
      const found = await call("getMulti", keys);
      return keys.map((key) => found[key]);
    },
  };
};
