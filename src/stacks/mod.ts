/**
 * The client options of whole stacks: the ring, the format of values and that of keys.
 *
 * @example A client beside Django
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { django } from "@moecache/moecache/stacks";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address, { ...django(), timeout: 1000 });
 * await client.set("user:1", { name: "Ada" });
 * ```
 *
 * @module
 */

export type { DjangoKeysOptions } from "../keys/django_keys.ts";
export { django } from "./django.ts";
