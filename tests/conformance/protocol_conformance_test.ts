import { MemcachedServer } from "../../src/testing/mod.ts";
import { memcachedPath, MemcachedProcess } from "../memcached.ts";
import { watchings } from "./protocol_cases/watch.ts";
import { protocolExchanges, runExchange } from "./protocol_conformance.ts";
import { runWatching } from "./protocol_watching.ts";

async function runAll(test: Deno.TestContext, port: number): Promise<void> {
  for (const exchange of protocolExchanges) {
    await test.step(exchange.name, () => runExchange(port, exchange));
  }
  for (const watching of watchings) {
    await test.step(watching.name, () => runWatching(port, watching));
  }
}

Deno.test("MemcachedServer answers as memcached does", async (test) => {
  await using server = await MemcachedServer.listen();
  await runAll(test, server.port);
});

Deno.test({
  name: "memcached answers as the conformance body says",
  ignore: memcachedPath() === undefined,
  fn: async (test) => {
    await using server = await MemcachedProcess.start();
    await runAll(test, server.port);
  },
});
