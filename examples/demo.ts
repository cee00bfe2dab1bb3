/**
 * Shows in ten seconds what the module is for, on three memcacheds inside this program.
 *
 * ```sh
 * deno task demo
 * ```
 *
 * @module
 */

import { showBatching } from "./demo/batching.ts";
import { showFailover } from "./demo/failover.ts";
import { showStampede } from "./demo/stampede.ts";
import { DemoServer } from "./demo/server.ts";
import { showWhere } from "./demo/where.ts";

const SERVERS = 3;

async function main(): Promise<void> {
  using servers = new DisposableStack();
  const all: DemoServer[] = [];
  for (let i = 0; i < SERVERS; i++) all.push(servers.use(await DemoServer.start()));
  const addresses = all.map(({ address }) => address);

  await showBatching(addresses.slice(0, 1));
  await showStampede(addresses.slice(0, 1));
  await showFailover(all);
  await showWhere(addresses);
}

await main();
