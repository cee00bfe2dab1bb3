/**
 * A program that does not know of `./debug`.
 *
 * @module
 */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";

const server = await MemcachedServer.listen();
const client = new Client(server.address);
await client.set("key", "value");
await client.getMany(["key", "none"]);
await client.close();
await server.close();
