/** A process that leaves a client unclosed whose servers cannot be discovered; run by a test. */

import { Client } from "../../mod.ts";

const client = new Client([], {
  discovery: { name: "registry", lookUp: () => Promise.reject(new Error("gone")) },
});
// The second waits for another look-up, which the process has to live to see.
for (let i = 0; i < 2; i++) {
  const { message } = await client.get("key").then(() => new Error("a value"), (error) => error);
  await Deno.stdout.write(new TextEncoder().encode(`${message}\n`));
}
