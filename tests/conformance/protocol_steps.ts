/** The conformance of a server's protocol, as steps of one test. @module */

import { watchings } from "./protocol_cases/watch.ts";
import { protocolExchanges, runExchange } from "./protocol_conformance.ts";
import { runWatching } from "./protocol_watching.ts";

/** Runs all that there is on the server at a port of 127.0.0.1. */
export async function runProtocol(test: Deno.TestContext, port: number): Promise<void> {
  for (const exchange of protocolExchanges) {
    await test.step(exchange.name, () => runExchange(port, exchange));
  }
  for (const watching of watchings) {
    await test.step(watching.name, () => runWatching(port, watching));
  }
}
