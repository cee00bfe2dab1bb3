import { MemcachedServer } from "../../src/testing/mod.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { runProtocol } from "./protocol_steps.ts";

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
