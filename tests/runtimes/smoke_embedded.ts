// deno-lint-ignore-file no-console -- it is a program
/**
 * A program for Bun, Deno and Node: the smoke test, on the embedded server and on the memcached whose address
 * is the first argument.
 *
 * @module
 */

import process from "node:process";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { smoke } from "./smoke.ts";

const server = await MemcachedServer.listen();
await smoke(server.address);
await server.close();
const [address] = process.argv.slice(2);
if (address !== undefined) await smoke(address);
console.log(`The smoke test passed, ${address === undefined ? "embedded" : "embedded and real"}`);
