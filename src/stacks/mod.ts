/**
 * The client options of all stacks: the ring, the format of values and that of keys. Each stack has an entry of its
 * own too, such as `@moecache/moecache/stacks/django`, which loads only what that stack needs.
 *
 * @example A client that shares a cache with Django
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

export * from "./django.ts";
export * from "./django_pylibmc.ts";
export * from "./django_python_memcached.ts";
export * from "./enyim.ts";
export * from "./enyim_core.ts";
export * from "./php.ts";
export * from "./rails.ts";
export * from "./spring.ts";
