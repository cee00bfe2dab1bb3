/** Who computes or changes a value gets what others read. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotStrictEquals,
  assertRejects,
} from "@std/assert";
import {
  Client,
  ClientException,
  compressed,
  jsonTranscoder,
  type KeyCommands,
  moecacheTranscoder,
  rawTranscoder,
  type Transcoder,
  ValidationException,
} from "../../mod.ts";
import { memoize, once } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import {
  hashedKeys,
  largeValues,
  nearCache,
  replicas,
  spread,
  tagged,
} from "../../src/views/mod.ts";
import { SwitchedFleet } from "../support/switched_fleet.ts";

/** What each transcoder reads as something else than was written, and what it does not. */
const VALUES: [transcoder: Transcoder, make: () => unknown][] = [
  [moecacheTranscoder, () => new Map([["a", 1]])],
  [moecacheTranscoder, () => 5n],
  [moecacheTranscoder, () => new (class Bytes extends Uint8Array {})([1, 2])],
  [moecacheTranscoder, () => ["text", { a: null }]],
  [moecacheTranscoder, () => "text"],
  [jsonTranscoder, () => ({ date: new Date(0), none: undefined })],
  [jsonTranscoder, () => new Map([["a", 1]])],
  [rawTranscoder, () => new (class Bytes extends Uint8Array {})([1, 2])],
  [rawTranscoder, () => new Uint8Array(100_000).fill(7)],
  [compressed(jsonTranscoder), () => ({ list: Array(1000).fill(new Date(0)) })],
];

/** Asserts that two values are the same in type and content. */
function assertSame(actual: unknown, expected: unknown, what: string): void {
  assertEquals(actual, expected, what);
  assertEquals(Object(actual).constructor, Object(expected).constructor, what);
}

Deno.test("getOrSet, memoize, once and update give what others read", async () => {
  await using server = await MemcachedServer.listen();
  for (const [i, [transcoder, make]] of VALUES.entries()) {
    await using client = new Client(server.address, { transcoder });
    const names = client.namespace("n:");
    for (const [kind, commands] of Object.entries({ client, names })) {
      const first: Record<string, (key: string, value: unknown) => Promise<unknown>> = {
        getOrSet: (key, value) => commands.getOrSet(key, () => value),
        memoize: (key, value) => memoize(commands, () => value, { key: () => key })(),
        once: (key, value) => once(commands, key, () => value),
        update: (key, value) => commands.update(key, () => value),
      };
      for (const [name, compute] of Object.entries(first)) {
        const key = `${name}:${i}`;
        const value = make();
        const computed = await compute(key, value);
        assertSame(computed, await commands.get(key), `${kind}: ${key}`);
        if (typeof value === "object") assertNotStrictEquals(computed, value);
      }
    }
  }
});

Deno.test("getOrSet, memoize, once and update give what others read through views", async () => {
  await using server = await MemcachedServer.listen();
  const values: [transcoder: Transcoder, make: () => unknown][] = [
    ...VALUES.filter(([transcoder]) => transcoder !== rawTranscoder),
    [jsonTranscoder, () => NaN],
    [jsonTranscoder, () => null],
    [jsonTranscoder, () => undefined],
  ];
  for (const [i, [transcoder, make]] of values.entries()) {
    await using client = new Client(server.address, { transcoder });
    const views = {
      hashedKeys: hashedKeys(client),
      largeValues: largeValues(client),
      nearCache: nearCache(client, { maxBytes: 1 << 20, ttl: 60 }),
      replicas: replicas([client]),
      spread: spread(client, { keys: [`once:${i}`], copies: 2 }),
      tagged: tagged(client),
      own: ownCommands(client),
    };
    for (const [kind, commands] of Object.entries(views)) {
      await client.flushAll();
      const first: Record<string, (key: string) => Promise<unknown>> = {
        getOrSet: (key) => commands.getOrSet(key, make),
        memoize: (key) => memoize(commands, make, { key: () => key })(),
        once: (key) => once(commands, key, make),
        update: (key) => commands.update(key, make),
      };
      for (const [name, compute] of Object.entries(first)) {
        const key = `${name}:${i}`;
        const computed = await compute(key);
        assertSame(computed, await commands.get(key), `${kind}: ${key}`);
      }
    }
  }
});

/** What a program makes of a client's commands for itself. */
function ownCommands(client: Client): KeyCommands {
  return new Proxy(client as KeyCommands, {
    get: (_, name) => {
      const member: unknown = Reflect.get(client, name);
      return typeof member === "function" ? member.bind(client) : member;
    },
  });
}

Deno.test("getOrSet gives what others read where nothing is stored", async () => {
  await using fleet = await SwitchedFleet.start(["a:1", "b:1"]);
  await using client = new Client(fleet.names, {
    dial: fleet.dial,
    transcoder: jsonTranscoder,
    failover: "miss",
    locator: () => ({ locate: (key) => key.endsWith("~moecache-generation") ? 0 : 1 }),
  });
  const load = () => ({ date: new Date(0) });
  const expected: unknown = JSON.parse(JSON.stringify(load()));
  await using other = new Client(fleet.names, {
    dial: fleet.dial,
    transcoder: jsonTranscoder,
    locator: () => ({ locate: () => 1 }),
  });
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const slow = other.getOrSet("slow", async () => {
    begun.resolve();
    await held.promise;
  });
  await begun.promise;
  // The other client has the lease.
  const options = { waitFor: 0 };
  assertSame(await client.getOrSet("slow", load, options), expected, "without a lease");
  held.resolve();
  await slow;
  for (const server of fleet.servers) await server.become("refusing");
  assertSame(await client.getOrSet("key", load), expected, "without a server");
  assertSame(await client.namespace("n:").getOrSet("key", load), expected, "without a generation");
  await assertRejects(() => client.getOrSet("key", () => 1n), ValidationException);
  assertEquals(await client.getOrSet("key", () => undefined), undefined);
});

Deno.test("getOrSet stores nothing that cannot be read", async () => {
  await using server = await MemcachedServer.listen();
  const transcoder: Transcoder = {
    encode: () => ({ flags: 1, data: new Uint8Array() }),
    decode: () => {
      throw new RangeError("not to be read");
    },
  };
  await using client = new Client(server.address, { transcoder });
  const error = await assertRejects(() => client.getOrSet("key", () => "value"), ClientException);
  assertInstanceOf(error.cause, RangeError);
  assert(await client.add("key", "value"));
});
