/**
 * Run by `addresses_test.ts` where a host name has several addresses: stores and reads through each address of
 * the list on the standard input, and prints what it read or failed with. Where the list has an endpoint and
 * a time for it, it prints how many milliseconds dialling took.
 */

import { Client, type ServerAddress } from "../../mod.ts";
import { dial } from "../../src/transport/dial.ts";
import type { Endpoint } from "../../src/transport/transport.ts";

interface TimedDial {
  readonly endpoint: Endpoint;
  /** Milliseconds. */
  readonly connectTimeout: number;
}

async function store(address: ServerAddress): Promise<unknown> {
  await using client = new Client(address, { timeout: 5000 });
  await client.set("key", "value");
  return await client.get("key");
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
  const done = isDial ? connect(task) : store(task);
  results.push(await done.catch((error) => `${error.name}: ${error.message}`));
}
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(results)));
