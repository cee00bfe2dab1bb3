import { assertRejects, assertThrows } from "@std/assert";
import { Client, ValidationException } from "../mod.ts";
import { memoize, once } from "../src/patterns/mod.ts";

Deno.test("what calls back refuses what is no function, and sends nothing", async () => {
  // Nothing listens there: whatever is sent fails with another error.
  await using client = new Client("127.0.0.1:1");
  const names = client.namespace("names:");
  for (const nothing of [undefined, null, "load", {}, 1] as unknown as (() => string)[]) {
    const calls: Record<string, () => Promise<unknown>> = {
      load: () => client.getOrSet("key", nothing),
      change: () => client.update("key", nothing),
      action: () => once(client, "key", nothing),
      "load ": () => names.getOrSet("key", nothing),
      "change ": () => names.update("key", nothing),
    };
    for (const [name, call] of Object.entries(calls)) {
      await assertRejects(call, ValidationException, `Cannot use ${name.trim()} `);
    }
    assertThrows(() => memoize(client, nothing, { key: () => "key" }), ValidationException, "fn");
    assertThrows(() => memoize(client, () => 1, { key: nothing }), ValidationException, "key");
  }
});
