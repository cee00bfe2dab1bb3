/** Values are stored as they are at the time of the call, whatever the caller does with them afterwards. */

import { assertEquals } from "@std/assert";
import {
  Client,
  compressed,
  frozenSet,
  jsonTranscoder,
  type KeyCommands,
  moecacheTranscoder,
  tuple,
} from "../../mod.ts";
import { orderedDict } from "../../src/transcoding/pickle/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import {
  hashedKeys,
  largeValues,
  nearCache,
  replicas,
  type Schema,
  spread,
  tagged,
  type TagOptions,
  typed,
} from "../../src/views/mod.ts";
import { ownValue } from "../../src/views/own_value.ts";
import { ownOptions } from "../../src/views/wrapped_commands.ts";

/** Takes a turn of the event loop before it says that a value fits. */
const SLOW: Schema = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: async (value) => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      return { value };
    },
  },
};
const SPREAD = { copies: 2, keys: () => true } as const;

const WRAPPERS: Readonly<Record<string, (client: Client) => KeyCommands>> = {
  "a client": (client) => client,
  "a client that compresses": (client) =>
    client.withTranscoder(compressed(moecacheTranscoder, { threshold: 0 })),
  "a namespace": (client) => client.namespace("ns:"),
  "a namespace that compresses": (client) =>
    client.namespace("ns:").withTranscoder(compressed(moecacheTranscoder, { threshold: 0 })),
  "hashedKeys, plain keys": (client) => hashedKeys(client),
  "hashedKeys, hashed keys": (client) => hashedKeys(client, { hash: (key) => `${key.length}` }),
  largeValues: (client) => largeValues(client),
  "largeValues, mcrouter's format": (client) => largeValues(client, { format: "mcrouter" }),
  nearCache: (client) => nearCache(client, { maxBytes: 100_000, ttl: 60 }),
  replicas: (client) => replicas([client.namespace("a:"), client.namespace("b:")]),
  spread: (client) => spread(client, SPREAD),
  tagged: (client) => tagged(client),
  typed: (client) => typed(client, SLOW),
  "views on views": (client) => typed(hashedKeys(tagged(client.namespace("ns:"))), SLOW),
};

/** A value, and what changes it. */
interface Changing {
  readonly value: unknown;
  readonly change: () => void;
}

const VALUES: Readonly<Record<string, () => Changing>> = {
  "an object": () => {
    const value = { list: [1, { deep: "before" }] as [number, { deep: string }], more: 1 };
    const change = () => {
      value.list[1].deep = "after";
      value.more = 2;
    };
    return { value, change };
  },
  "a Map": () => {
    const value = new Map([[5, [1]]]);
    const change = () => {
      value.get(5)?.push(2);
      value.set(6, []);
    };
    return { value, change };
  },
  "an array": () => {
    const value = [[1], [2]];
    return { value, change: () => value.push([3], value.shift() ?? []) };
  },
  "a Uint8Array": () => {
    const value = new Uint8Array(50).fill(1);
    return { value, change: () => value.fill(2) };
  },
};

/** The commands that store a value. Each is given a key that exists with the value 0, or none at all. */
const COMMANDS: Readonly<
  Record<string, (view: KeyCommands, key: string, changing: Changing) => Promise<unknown>>
> = {
  set: (view, key, { value }) => view.set(key, value),
  "set, the first operation": (view, key, { value }) => view.set(key, value),
  "setMany, a record": (view, key, { value }) => view.setMany({ [key]: value }),
  "setMany, pairs": (view, key, { value, change }) => {
    const pairs: [string, unknown][] = [[key, value]];
    const done = view.setMany(pairs);
    change();
    pairs[0] = ["other", value];
    return done;
  },
  add: async (view, key, { value, change }) => {
    await view.delete(key);
    const done = view.add(key, value);
    change();
    return await done;
  },
  replace: (view, key, { value }) => view.replace(key, value),
  cas: async (view, key, { value, change }) => {
    const { cas = 0n } = await view.gets(key) ?? {};
    const done = view.cas(key, value, cas);
    change();
    return await done;
  },
  getOrSet: async (view, key, { value, change }) => {
    await view.delete(key);
    await view.getOrSet(key, () => {
      setTimeout(change, 0);
      return value;
    });
  },
  update: (view, key, { value, change }) =>
    view.update(key, () => {
      setTimeout(change, 0);
      return value;
    }),
};

/** Those that change the value themselves: it is given out, or the key is prepared first. */
const CHANGING_ITSELF = ["add", "cas", "getOrSet", "update"];

for (const [wrapper, makeView] of Object.entries(WRAPPERS)) {
  Deno.test(`${wrapper} stores values as they were at the time of the call`, async () => {
    await using server = await MemcachedServer.listen();
    await using other = new Client(server.address);
    await using usual = new Client(server.address);
    const reader = makeView(other);
    const usualView = makeView(usual);
    for (const [command, store] of Object.entries(COMMANDS)) {
      for (const [kind, make] of Object.entries(VALUES)) {
        const key = `${command} ${kind}`.replaceAll(/\W/g, "");
        await reader.set(key, 0);
        // At first, generations are unknown.
        await using fresh = new Client(server.address);
        const view = command.includes("first") ? makeView(fresh) : usualView;
        const { value, change } = make();
        const before = make().value;
        let isChanged = false;
        const changeOnce = () => {
          if (!isChanged) change();
          isChanged = true;
        };
        const done = store(view, key, { value, change: changeOnce });
        if (!CHANGING_ITSELF.includes(command)) changeOnce();
        await done;
        await new Promise((resolve) => setTimeout(resolve, 0));
        assertEquals(isChanged, true, key);
        assertEquals(await reader.get(key), before, key);
      }
    }
  });

  Deno.test(`${wrapper} appends bytes as they were at the time of the call`, async () => {
    await using server = await MemcachedServer.listen();
    for (const verb of ["append", "prepend"] as const) {
      await using client = new Client(server.address);
      const view = makeView(client);
      await view.set("key", "text");
      const data = new TextEncoder().encode("before");
      const done = view[verb]("key", data);
      data.fill(63);
      assertEquals(await done, true);
      const expected = verb === "append" ? "textbefore" : "beforetext";
      assertEquals(await view.get("key"), expected, verb);
    }
  });

  Deno.test(`${wrapper} takes options, times and keys at the time of the call`, async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    const view = makeView(client);
    const options = { signal: new AbortController().signal };
    const exptime = new Date(Date.now() + 3_600_000);
    const setting = view.set("key", "value", exptime, options);
    exptime.setTime(0);
    options.signal = AbortSignal.abort();
    await setting;
    assertEquals(await view.get("key"), "value");

    const keys = ["key"];
    const getting = view.getMany(keys);
    keys[0] = "other";
    assertEquals(await getting, new Map([["key", "value"]]));
    keys[0] = "key";
    const deleting = view.deleteMany(keys);
    keys[0] = "other";
    assertEquals(await deleting, new Map([["key", true]]));
  });
}

Deno.test("a namespace whose generation others have raised stores values as they were", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await using other = new Client(server.address);
  const namespace = client.namespace("ns:");
  await namespace.get("key");
  await other.namespace("ns:").invalidateAll();
  const value = { text: "before" };
  const setting = namespace.set("key", value);
  value.text = "after";
  await setting;
  assertEquals(await other.namespace("ns:").get("key"), { text: "before" });
});

Deno.test("tagged takes tags at the time of the call, also those that can be read only once", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  const views = {
    tagged: tagged(client),
    "tagged(replicas)": tagged(replicas([client.namespace("a:"), client.namespace("b:")])),
  };
  for (const [name, view] of Object.entries(views)) {
    const list = ["tag"];
    const setting = view.set("a", 1, 60, { tags: list });
    list[0] = "other";
    await setting;
    await view.set("b", 2, 60, { tags: new Set(["tag"]).values() });
    await view.invalidateTag("tag");
    assertEquals(await view.getMany(["a", "b"]), new Map(), name);
  }
  // Each fleet gets them.
  const fleets = [tagged(client.namespace("c:")), tagged(client.namespace("d:"))] as const;
  const tags = { tags: new Set(["tag"]).values() };
  await replicas(fleets).set("key", 1, 60, tags as Record<string, unknown>);
  for (const fleet of fleets) {
    assertEquals(await fleet.get("key"), 1);
    await fleet.invalidateTag("tag");
    assertEquals(await fleet.get("key"), undefined);
  }
});

Deno.test("ownValue copies what can be changed, and keeps what it is marked as", async () => {
  class Point {
    x = 1;
  }
  const point = new Point();
  const loop: Record<string, unknown> = { tuple: tuple(1, [2]), point };
  loop.self = loop;
  const buffer = new ArrayBuffer(4);
  const values: Record<string, unknown> = {
    loop,
    "a tuple": tuple(1, [2]),
    "a frozenset": new Set([frozenSet(["a"])]),
    "an OrderedDict": orderedDict({ b: 1, a: [2] }),
    "no prototype": Object.assign(Object.create(null), { a: [1] }),
    "a name": JSON.parse('{"__proto__":{"a":1}}'),
    "a hole": Object.assign(new Array(3), { 1: "x" }),
    "a Date": new Date(5),
    "a buffer": buffer,
    "a view": new Float32Array([1.5]),
    "a part": new Uint8Array(buffer, 1, 2),
  };
  for (const [name, value] of Object.entries(values)) {
    const copy = ownValue(value);
    assertEquals(copy === value, false, name);
    assertEquals(copy, value, name);
    assertEquals(Object.getPrototypeOf(copy), Object.getPrototypeOf(value), name);
  }
  const copy = ownValue(loop);
  assertEquals([copy.self === copy, copy.point === point], [true, true]);
  assertEquals(1 in ownValue(values["a hole"] as unknown[]), true);
  assertEquals(0 in ownValue(values["a hole"] as unknown[]), false);
  for (const name of ["a tuple", "a frozenset", "an OrderedDict"]) {
    const { encode } = moecacheTranscoder;
    assertEquals(await encode(ownValue(values[name])), await encode(values[name]), name);
  }
  const { Buffer } = await import("node:buffer");
  const bytes = ownValue(Buffer.from("text"));
  assertEquals([Buffer.isBuffer(bytes), bytes.toString()], [true, "text"]);
  for (const value of [5, "text", undefined, null, 5n, point, Symbol.iterator]) {
    assertEquals(ownValue(value), value);
  }
  const unreadable = {
    get a() {
      throw new Error("no");
    },
  };
  assertEquals(ownValue(unreadable), unreadable);
  const { encode } = jsonTranscoder;
  assertEquals(await encode(ownValue(values["a name"])), await encode(values["a name"]));
});

Deno.test("ownOptions copies options, also those of a class, and reads their lists", () => {
  class Options {
    get exptime() {
      return 5;
    }
    tags: Iterable<string> = new Set(["a"]).values();
  }
  const copy = ownOptions(new Options() as TagOptions);
  assertEquals<unknown>({ ...copy }, { exptime: 5, tags: ["a"] });
});
