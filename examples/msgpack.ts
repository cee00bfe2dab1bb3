/**
 * A transcoder of one's own: values as MessagePack, by the package `@msgpack/msgpack` from npm.
 *
 * ```sh
 * deno run --allow-net examples/msgpack.ts
 * deno run --allow-net examples/msgpack.ts 127.0.0.1:11211
 * ```
 *
 * @module
 */

// deno-lint-ignore-file no-console

import { decode, encode } from "@msgpack/msgpack";
import { Client, ClientException, compressed, type Transcoder } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";

/** Flags of our choice; no other client of this deployment uses them. */
const MESSAGE_PACK = 7;

/** Stores values as MessagePack. */
export const messagePack: Transcoder = {
  encode: (value) => ({ flags: MESSAGE_PACK, data: encode(value) }),
  decode: ({ flags, data }) => {
    if (flags === MESSAGE_PACK) return decode(data);
    throw new ClientException(`Cannot read item: it is no MessagePack (flags ${flags})`, flags);
  },
};

if (import.meta.main) {
  await using embedded = await MemcachedServer.listen();
  const transcoder = compressed(messagePack);
  await using client = new Client(Deno.args[0] ?? embedded.address, { transcoder });

  const user = { name: "Ada", born: new Date("1815-12-10"), tags: ["math", "engines"] };
  await client.set("user:1", user, 60);
  console.log(await client.get("user:1"));
  const item = await client.inspect("user:1");
  console.log(`${item?.size} bytes under flags ${item?.flags}`);
}
