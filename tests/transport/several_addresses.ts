/**
 * Run by `addresses_test.ts` where a host name has several addresses: stores and reads through each address of
 * the list on the standard input, and prints what it read or failed with. Where the list has an endpoint and
 * a time for it, it prints how many milliseconds dialling took: the first time that was soon, or the last time.
 */

import { Client, type ServerAddress } from "../../mod.ts";
import { dial } from "../../src/transport/dial.ts";
import type { HostEndpoint } from "../../src/transport/transport.ts";

interface TimedDial {
  readonly endpoint: HostEndpoint;
  /** Milliseconds. */
  readonly connectTimeout: number;
  /** Fewer milliseconds than this are soon. */
  readonly soon: number;
}

/** How often to dial: the first time has to load what it needs, and the machine may be busy. */
const MOST_TRIES = 30;

async function store(address: ServerAddress): Promise<unknown> {
  await using client = new Client(address, { timeout: 5000 });
  await client.set("key", "value");
  return await client.get("key");
}

async function soonest(timed: TimedDial): Promise<number> {
  let took = Infinity;
  for (let tries = 0; tries < MOST_TRIES && took >= timed.soon; tries++) {
    took = await connect(timed);
  }
  return took;
}

async function connect({ endpoint, connectTimeout }: TimedDial): Promise<number> {
  const { signal } = new AbortController();
  const started = performance.now();
  const transport = await dial(endpoint, {
    ...{ signal, connectTimeout },
    ...{ keepAlive: true, noDelay: true },
  });
  const elapsed = performance.now() - started;
  await transport.close();
  return elapsed;
}

const tasks: (ServerAddress | TimedDial)[] = JSON.parse(
  await new Response(Deno.stdin.readable).text(),
);
const results: unknown[] = [];
for (const task of tasks) {
  const isDial = typeof task === "object" && "endpoint" in task;
  const done = isDial ? soonest(task) : store(task);
  results.push(await done.catch((error) => `${error.name}: ${error.message}`));
}
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(results)));
