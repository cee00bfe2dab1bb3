/**
 * Run by `addresses_test.ts` where a host name has several addresses: stores and reads through each address of
 * the list on the standard input, and prints what it read or failed with.
 */

import { Client, type ServerAddress } from "../../mod.ts";

const addresses: ServerAddress[] = JSON.parse(await new Response(Deno.stdin.readable).text());
const results: unknown[] = [];
for (const address of addresses) {
  await using client = new Client(address, { timeout: 5000 });
  const stored = client.set("key", "value").then(() => client.get("key"));
  results.push(await stored.catch((error) => `${error.name}: ${error.message}`));
}
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(results)));
