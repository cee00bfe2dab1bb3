/**
 * A drop-in for the npm package `memjs`: the same calls, servers, flags and bytes, without the binary protocol. Only the
 * import changes.
 *
 * @example Promises and callbacks
 * ```ts
 * import memjs from "@moecache/moecache/memjs";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const client = memjs.Client.create(server.address); // or Client.create(), with MEMCACHIER_SERVERS
 *
 * await client.set("name", "Ada", { expires: 600 });
 * const { value } = await client.get("name");
 * assertEquals(new TextDecoder().decode(value ?? undefined), "Ada");
 *
 * const seen = Promise.withResolvers<boolean | null>();
 * client.delete("name", (_error, success) => seen.resolve(success));
 * assertEquals(await seen.promise, true);
 * client.close();
 * ```
 *
 * @module
 */

import { Client } from "./memjs/client.ts";

export { Client };
export type {
  MemjsCallback,
  MemjsCounter,
  MemjsCounting,
  MemjsItem,
  MemjsStoring,
} from "./memjs/client.ts";
export type {
  MemjsLogger,
  MemjsOptions,
  MemjsSerialized,
  MemjsSerializer,
  MemjsServer,
} from "./memjs/memjs_options.ts";
export type { NodeBuffer } from "./node_callbacks.ts";

/** What `import memjs` and `require("memjs")` give. */
const memjs: { readonly Client: typeof Client } = { Client };

export default memjs;
