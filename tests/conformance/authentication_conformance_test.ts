import { assertEquals } from "@std/assert";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { memcachedPath } from "../support/memcached.ts";
import { AuthMemcached } from "../support/memcached_auth.ts";
import { authenticationExchanges, CREDENTIALS } from "./protocol_cases/authentication.ts";
import { type Exchange, isLater } from "./protocol_conformance.ts";
import { ProtocolConnection } from "./protocol_connection.ts";

const AUTHENTICATION = "set x 0 0 11\r\nuser secret\r\n";

/** There is no fence before authentication: each part waits for a line, the last for as many as are expected. */
async function converse(port: number, { send, expect, ends }: Exchange): Promise<string> {
  using connection = await ProtocolConnection.open(port);
  const parts = [send].flat();
  let answer = "";
  for (const [i, part] of parts.entries()) {
    await connection.write(part);
    if (ends) return answer + await connection.readToEnd();
    const isLast = i === parts.length - 1;
    if (!isLast && part.endsWith("sec")) continue;
    const lines = isLast ? linesOf(expect as string) : i + 1;
    if (linesOf(answer) < lines) {
      answer += await connection.readUntil((text) => linesOf(answer + text) >= lines);
    }
  }
  return answer;
}

function linesOf(text: string): number {
  return text.split("\n").length - 1;
}

async function runAll(test: Deno.TestContext, port: number, acceptsLater: boolean): Promise<void> {
  for (const exchange of authenticationExchanges) {
    await test.step(exchange.name, async () => {
      const { expect, later } = exchange;
      const isOther = acceptsLater && later !== undefined;
      const ends = isOther ? exchange.laterEnds : exchange.ends;
      const answer = await converse(port, { ...exchange, ends: ends ?? false });
      if (!isOther || answer !== later) assertEquals(answer, expect);
    });
  }
}

Deno.test("MemcachedServer demands authentication as memcached does", async (test) => {
  await using server = await MemcachedServer.listen({ auth: CREDENTIALS });
  await runAll(test, server.port, false);
});

Deno.test({
  name: "memcached demands authentication as the conformance body says",
  ignore: memcachedPath() === undefined,
  fn: async (test) => {
    await using server = await AuthMemcached.start(CREDENTIALS);
    await runAll(test, server.port, await isLater(server.port, AUTHENTICATION));
  },
});
