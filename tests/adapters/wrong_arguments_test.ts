/** Adapters refuse what they cannot take before any byte is sent. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client, ClientException, rawTranscoder, ValidationException } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { moecacheDriver as bentoDriver } from "../../src/adapters/bentocache.ts";
import { KeyvMoecache } from "../../src/adapters/keyv.ts";
import { Client as MemjsClient } from "../../src/adapters/memjs.ts";
import moecacheDriver from "../../src/adapters/unstorage.ts";
import { accepted, type Args, type Callee, recordingDial } from "../support/refused_calls.ts";

type Calls = Readonly<Record<string, readonly Args[]>>;

const NO_KEYS: unknown[] = [Symbol("key"), 5, null, undefined, {}, ["a"]];
const NO_LISTS: unknown[] = [5, "ab", null, undefined, {}];
const NO_NUMBERS: unknown[] = ["60", NaN, null, 60n, {}, Symbol("ttl")];

const each = (values: readonly unknown[], args: (value: unknown) => Args) => values.map(args);

const keyv: Calls = {
  get: each(NO_KEYS, (key) => [key]),
  getMany: [...each(NO_LISTS, (keys) => [keys]), ...each(NO_KEYS, (key) => [["a", key]])],
  set: [
    ...each(NO_KEYS, (key) => [key, 1]),
    ...each(NO_NUMBERS, (ttl) => ["a", 1, ttl]),
    ["a", Symbol("value")],
  ],
  setMany: [
    ...each(NO_LISTS, (entries) => [entries]),
    ...each([null, 5, ["a", 1], new Map()], (entry) => [[entry]]),
    ...each(NO_KEYS, (key) => [[{ key, value: 1 }]]),
    ...each(NO_NUMBERS, (ttl) => [[{ key: "a", value: 1, ttl }]]),
    [[{ key: "a", value: 1, tll: 60 }]],
    [[{ key: "a", val: 1 }]],
  ],
  delete: each(NO_KEYS, (key) => [key]),
  deleteMany: [...each(NO_LISTS, (keys) => [keys]), ...each(NO_KEYS, (key) => [["a", key]])],
  has: each(NO_KEYS, (key) => [key]),
  hasMany: [...each(NO_LISTS, (keys) => [keys]), ...each(NO_KEYS, (key) => [["a", key]])],
  on: each([undefined, null, "listener", {}], (listener) => ["error", listener]),
};

const unstorage: Calls = {
  hasItem: each(NO_KEYS, (key) => [key]),
  getItem: each(NO_KEYS, (key) => [key]),
  getItems: [...each(NO_LISTS, (items) => [items]), ...each(NO_KEYS, (key) => [[{ key }]])],
  setItem: [
    ...each(NO_KEYS, (key) => [key, "a"]),
    ...each([60, "60", null, []], (options) => ["a", "a", options]),
    ...each(NO_NUMBERS, (ttl) => ["a", "a", { ttl }]),
  ],
  setItems: [
    ...each(NO_LISTS, (items) => [items]),
    ...each(NO_KEYS, (key) => [[{ key, value: "a" }]]),
    ...each([60, null, []], (options) => [[{ key: "a", value: "a", options }]]),
    ...each(NO_NUMBERS, (ttl) => [[{ key: "a", value: "a" }], { ttl }]),
    ...each([60, null], (options) => [[], options]),
  ],
  removeItem: each(NO_KEYS, (key) => [key]),
  getKeys: each(NO_KEYS.filter((key) => key !== undefined), (base) => [base]),
  clear: each(NO_KEYS.filter((key) => key !== undefined), (base) => [base]),
};

const bento: Calls = {
  get: each(NO_KEYS, (key) => [key]),
  pull: each(NO_KEYS, (key) => [key]),
  set: [
    ...each(NO_KEYS, (key) => [key, "a"]),
    ...each(NO_NUMBERS.filter((ttl) => ttl !== null), (ttl) => ["a", "a", ttl]),
    ...each([5, {}, undefined], (value) => ["a", value]),
  ],
  delete: each(NO_KEYS, (key) => [key]),
  deleteMany: [...each(NO_LISTS, (keys) => [keys]), ...each(NO_KEYS, (key) => [["a", key]])],
};

const KINDS: Readonly<Record<string, [make: (client: Client) => unknown, calls: Calls]>> = {
  KeyvMoecache: [(client) => new KeyvMoecache({ client }), keyv],
  "unstorage's driver": [(client) => moecacheDriver({ client }), unstorage],
  "bentocache's driver": [(client) => bentoDriver({ client }).factory({ client }), bento],
};

for (const [kind, [make, calls]] of Object.entries(KINDS)) {
  Deno.test(`${kind} refuses every wrong argument before a byte is sent`, async () => {
    const all = Object.entries(calls).flatMap(([method, all]) => {
      return all.map((args): [string, Args] => [method, args]);
    });
    const wrong = await accepted(make, all);
    assert(wrong.length === 0, `${wrong.length} calls:\n${wrong.join("\n")}`);
  });
}

Deno.test("memjs's client refuses every wrong option of a call before a byte is sent", async () => {
  const { dial, sent } = recordingDial();
  const client = MemjsClient.create("a.test", { clientOptions: { dial } });
  const callee = client as unknown as Callee;
  const noOptions = [60, "60", true, [60], new Map([["expires", 60]])];
  const noStoring = [...noOptions, { ttl: 60 }, { expire: 60 }, { expires: NaN }, { expires: -1 }];
  const noCounting = [...noStoring, { initial: NaN }, { initial: -1 }, { inital: 1 }];
  const wrong: Calls = {
    ...Object.fromEntries(
      ["set", "add", "replace"].map((name) => [
        name,
        each([...noStoring, { initial: 1 }], (options) => ["key", "value", options]),
      ]),
    ),
    ...Object.fromEntries(
      ["increment", "decrement"].map((name) => [
        name,
        [
          ...each(noCounting, (options) => ["key", 1, options]),
          ...each([NaN, -1, null, undefined], (amount) => ["key", amount]),
        ],
      ]),
    ),
    touch: each([NaN, -1, {}, [60, 1]], (expires) => ["key", expires]),
  };
  for (const [name, all] of Object.entries(wrong)) {
    for (const args of all) {
      const call = () => callee[name]!(...args) as Promise<unknown>;
      await assertRejects(call, ValidationException, undefined, Deno.inspect([name, ...args]));
      const { promise, resolve } = Promise.withResolvers<unknown>();
      // A callback stands behind the options, or in their place where there are none.
      callee[name]!(...args, resolve);
      assert(await promise instanceof ValidationException, Deno.inspect([name, ...args]));
    }
  }
  for (const wrong of [null, 5, "callback", {}]) {
    assertThrows(() => callee.flush!(wrong), ValidationException, "callback");
    assertThrows(() => callee.stats!(wrong), ValidationException, "callback");
    assertThrows(() => callee.statsWithKey!("items", wrong), ValidationException, "callback");
  }
  assertEquals(sent(), "");
  client.close();
});

Deno.test("memjs's client refuses what a serializer may not return", async () => {
  await using server = await MemcachedServer.listen();
  await using plain = new Client(server.address, { transcoder: rawTranscoder });
  await plain.set("key", new TextEncoder().encode("5"));
  for (const wrong of [undefined, null, 5, "5", Promise.resolve({ value: 5 }), {}, []]) {
    const serializer = { serialize: () => wrong, deserialize: () => wrong } as never;
    const client = MemjsClient.create(server.address, { serializer });
    await assertRejects(() => client.get("key"), ClientException, 'Cannot get value of key "key"');
    await assertRejects(() => client.set("key", "value"), ValidationException, "the serializer");
    client.close();
  }
});

Deno.test("memjs's client takes null and undefined for the default of an option", async () => {
  await using server = await MemcachedServer.listen();
  const client = MemjsClient.create(server.address);
  for (const options of [undefined, null, {}, { expires: undefined }, { expires: null }]) {
    assertEquals(await client.set("key", "value", options as undefined), true);
    assertEquals((await client.increment("count", 0, options as undefined)).value, 0);
  }
  client.close();
});
