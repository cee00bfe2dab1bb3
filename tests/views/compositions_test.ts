/** Views on views: what stands between does not change what the commands do. */

import { assertEquals } from "@std/assert";
import { Client } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import {
  hashedKeys,
  largeValues,
  nearCache,
  replicas,
  type Schema,
  spread,
  tagged,
  typed,
} from "../../src/views/mod.ts";
import { describeKeyCommands, type MakeView, type Peculiarities } from "./key_commands_suite.ts";

const NEAR = { maxBytes: 50_000_000, ttl: 60, admit: "all" } as const;
const SPREAD = { copies: 2, keys: () => true } as const;
const ANYTHING: Schema = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
};

const pair: MakeView = (client) =>
  replicas([client.namespace("a:"), client.namespace("b:")], { write: "all" });

const COMPOSITIONS: Readonly<Record<string, readonly [MakeView, Peculiarities?]>> = {
  "nearCache(spread)": [(client) => nearCache(spread(client, SPREAD), NEAR)],
  "nearCache(tagged(hashedKeys(namespace)))": [
    (client) => nearCache(tagged(hashedKeys(client.namespace("ns:"))), NEAR),
    { takesAnyKey: true },
  ],
  "tagged(namespace)": [(client) => tagged(client.namespace("ns:"))],
  "tagged(replicas)": [async (client, place) => tagged(await pair(client, place))],
  "tagged(spread)": [(client) => tagged(spread(client, SPREAD))],
  "typed(tagged)": [(client) => typed(tagged(client), ANYTHING)],
  "largeValues(replicas)": [
    async (client, place) => largeValues(await pair(client, place)),
    { takesLargeValues: true },
  ],
  "hashedKeys(replicas)": [
    async (client, place) => hashedKeys(await pair(client, place)),
    { takesAnyKey: true, key: (name) => `a ${name}` },
  ],
  "replicas(largeValues)": [
    (client) =>
      replicas([largeValues(client.namespace("a:")), largeValues(client.namespace("b:"))]),
    { takesLargeValues: true },
  ],
};

for (const [name, [makeView, peculiarities]] of Object.entries(COMPOSITIONS)) {
  describeKeyCommands(name, makeView, peculiarities);
}

Deno.test("getOrSet through replicas does not join the copying of a value that was deleted", async () => {
  await using here = await MemcachedServer.listen();
  await using there = await MemcachedServer.listen();
  await using first = new Client(here.address);
  await using second = new Client(there.address);
  const view = largeValues(replicas([first, second]));
  for (let i = 0; i < 20; i++) {
    const key = `key:${i}`;
    // What it replaces is read from the second fleet, so that the first one's copy is repaired meanwhile.
    await view.set(key, "old");
    await view.delete(key);
    assertEquals(await view.getOrSet(key, () => "new"), "new", key);
    assertEquals(await view.get(key), "new");
  }
});
