// @ts-check
/** npm `memcache`: the text protocol, one connection per server, strings only. @module */

import { Buffer } from "node:buffer";
import { createRequire } from "node:module";

/** @import { Connect, Notes } from "../adapter.ts" */

const { Memcache } = createRequire(new URL("../rivals/", import.meta.url))("memcache");

/** The longest value it is allowed to send; its default refuses a megabyte in base64. */
const MAX_VALUE = 4 << 20;

/** @type {Record<string, { encode(value: any): string, decode(text: string): any }>} */
const CODECS = {
  text: { encode: (text) => text, decode: (text) => text },
  bytes: {
    encode: ({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength).toString("base64"),
    decode: (text) => Buffer.from(text, "base64"),
  },
  record: { encode: JSON.stringify, decode: JSON.parse },
};

/** @type {Notes} */
export const notes = { bytes: "as base64", record: "JSON" };

/** @type {Connect} */
export const connect = (servers, kind) => {
  const client = new Memcache({ nodes: servers, maxValueSize: MAX_VALUE });
  const { encode, decode } = /** @type {typeof CODECS[string]} */ (CODECS[kind]);
  const isText = kind === "text";
  return {
    get: isText ? (key) => client.get(key) : async (key) => {
      const text = await client.get(key);
      return text === undefined ? undefined : decode(text);
    },
    set: (key, value) => client.set(key, encode(value)),
    getMany: async (keys) => {
      const found = await client.gets(keys);
      return keys.map((key) => found.get(key));
    },
  };
};
