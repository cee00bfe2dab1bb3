/** The conformance of a server's protocol, as steps of one test. @module */

import { assertEquals, assertMatch } from "@std/assert";
import { watchings } from "./protocol_cases/watch.ts";
import { isLater, protocolExchanges, runExchange } from "./protocol_conformance.ts";
import { ProtocolConnection } from "./protocol_connection.ts";
import { runWatching } from "./protocol_watching.ts";

/** Runs all that there is on the server at a port of 127.0.0.1. */
export async function runProtocol(test: Deno.TestContext, port: number): Promise<void> {
  const acceptsLater = await isLater(port);
  for (const exchange of protocolExchanges) {
    await test.step(exchange.name, () => runExchange(port, exchange, acceptsLater));
  }
  for (const watching of watchings) {
    await test.step(watching.name, () => runWatching(port, watching));
  }
}

const VALUE = "x".repeat(8000);
const NO_ROOM = "SERVER_ERROR out of memory storing object\r\n";

/** Fills a server that evicts nothing, and asks it for more. */
export async function runFullMemory(port: number): Promise<void> {
  using connection = await ProtocolConnection.open(port);
  const ask = async (request: string) => {
    await connection.write(request);
    return await connection.readUntil((text) => text.endsWith("\r\n"));
  };
  const set = (key: string) => `set ${key} 0 0 ${VALUE.length}\r\n${VALUE}\r\n`;
  let count = 0;
  while (await ask(set(`key${count}`)) === "STORED\r\n") count++;
  assertEquals(await ask(set("more")), NO_ROOM);
  assertEquals(await ask(`ms more ${VALUE.length}\r\n${VALUE}\r\n`), NO_ROOM);
  assertEquals(await ask(`append key1 0 0 ${VALUE.length}\r\n${VALUE}\r\n`), NO_ROOM);
  assertMatch(await ask("mg key1 s\r\n"), /^HD s8000\r\n$/);
  // What is older than what was refused goes, and leaves room for another.
  assertEquals(await ask(set("key1")) + await ask("get key1\r\n"), `${NO_ROOM}END\r\n`);
  assertEquals(await ask(set("more")), "STORED\r\n");
}
