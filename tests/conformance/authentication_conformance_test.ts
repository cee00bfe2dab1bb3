import { assertEquals } from "@std/assert";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { memcachedPath } from "../support/memcached.ts";
import { AuthMemcached } from "../support/memcached_auth.ts";
import { authenticationExchanges, CREDENTIALS } from "./protocol_cases/authentication.ts";
import type { Exchange } from "./protocol_conformance.ts";
import { ProtocolConnection } from "./protocol_connection.ts";

/** There is no fence before authentication: each part waits for as much as is expected so far. */
async function runExchange(port: number, { send, expect, ends }: Exchange): Promise<void> {
  using connection = await ProtocolConnection.open(port);
  const parts = [send].flat();
  const lines = (expect as string).split(/(?<=\n)/);
  let answer = "";
  for (const [i, part] of parts.entries()) {
    await connection.write(part);
    if (ends) continue;
    const isLast = i === parts.length - 1;
    const expected = isLast ? expect as string : lines.slice(0, i + 1).join("");
    if (!isLast && part.endsWith("sec")) continue;
    answer += await connection.readUntil((text) => (answer + text).length >= expected.length);
  }
  if (ends) answer += await connection.readToEnd();
  assertEquals(answer, expect);
}

async function runAll(test: Deno.TestContext, port: number): Promise<void> {
  for (const exchange of authenticationExchanges) {
    await test.step(exchange.name, () => runExchange(port, exchange));
  }
}

Deno.test("MemcachedServer demands authentication as memcached does", async (test) => {
  await using server = await MemcachedServer.listen({ auth: CREDENTIALS });
  await runAll(test, server.port);
});

Deno.test({
  name: "memcached demands authentication as the conformance body says",
  ignore: memcachedPath() === undefined,
  fn: async (test) => {
    await using server = await AuthMemcached.start(CREDENTIALS);
    await runAll(test, server.port);
  },
});
