import { MemcachedServer } from "../../src/testing/mod.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { runFullMemory, runProtocol } from "./protocol_steps.ts";

Deno.test("MemcachedServer answers as memcached does", async (test) => {
  await using server = await MemcachedServer.listen();
  await runProtocol(test, server.port);
});

Deno.test({
  name: "memcached answers as the conformance body says",
  ignore: memcachedPath() === undefined,
  fn: async (test) => {
    await using server = await MemcachedProcess.start();
    await runProtocol(test, server.port);
  },
});

Deno.test("MemcachedServer without evictions refuses as memcached with -M does", async () => {
  const memoryLimit = 8 * 1024 * 1024;
  await using server = await MemcachedServer.listen({ evictions: false, memoryLimit });
  await runFullMemory(server.port);
});

Deno.test({
  name: "memcached with -M refuses as the conformance body says",
  ignore: memcachedPath() === undefined,
  fn: async () => {
    await using server = await MemcachedProcess.start(["-M", "-m", "8"]);
    await runFullMemory(server.port);
  },
});
