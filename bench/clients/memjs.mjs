// @ts-check
/** npm `memjs`: the binary protocol, one connection per server, values as buffers. @module */

import { Buffer } from "node:buffer";
import { createRequire } from "node:module";

/** @import { Connect, Notes } from "../adapter.ts" */

const { Client } = createRequire(new URL("../rivals/", import.meta.url))("memjs");

/** @type {Record<string, { encode(value: any): any, decode(data: Buffer): any }>} */
const CODECS = {
  text: { encode: (text) => text, decode: (data) => data.toString() },
  bytes: {
    encode: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    decode: (data) => data,
  },
  record: {
    encode: JSON.stringify,
    decode: (data) => JSON.parse(data.toString()),
  },
};

/** @type {Notes} */
export const notes = { getMany: "a get per key", record: "JSON" };

/** @type {Connect} */
export const connect = (servers, kind) => {
  const client = Client.create(servers.join());
  const { encode, decode } = /** @type {typeof CODECS[string]} */ (CODECS[kind]);
  return {
    get: (key) =>
      new Promise((resolve, reject) => {
        client.get(
          key,
          (/** @type {unknown} */ error, /** @type {Buffer | null} */ data) => {
            if (error) reject(error);
            else resolve(data === null ? undefined : decode(data));
          },
        );
      }),
    set: (key, value) => client.set(key, encode(value), {}),
  };
};
