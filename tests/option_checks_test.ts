import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, ValidationException } from "../mod.ts";
import { checkBoolean, checkChoice, checkInteger } from "../src/option_checks.ts";
import { memoize, once } from "../src/patterns/mod.ts";

Deno.test("checkInteger takes what lies between its bounds, and names what does not", () => {
  assertEquals([checkInteger("count", 1, 1, 3), checkInteger("count", 3, 1, 3)], [1, 3]);
  for (const value of [0, 4, 1.5, NaN, Infinity, "1", 1n, null, undefined]) {
    const error = assertThrows(() => checkInteger("count", value, 1, 3), ValidationException);
    assertEquals(error.message.startsWith("Cannot use count "), true);
    assertEquals(error.message.endsWith(": it must be an integer from 1 to 3"), true);
  }
});

Deno.test("checkChoice and checkBoolean name what can be chosen", () => {
  checkChoice("io", "direct", ["direct", "streams"]);
  checkBoolean("keepAlive", false);
  const choose = () => checkChoice("io", "Direct", ["direct", "streams"]);
  assertThrows(choose, ValidationException, 'one of "direct", "streams"');
  assertThrows(() => checkBoolean("keepAlive", 1), ValidationException, "must be a boolean");
});

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
