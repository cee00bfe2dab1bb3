import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Client,
  ClientException,
  type KeyCommands,
  moecacheTranscoder,
  PartialSocketError,
  rawTranscoder,
  SocketError,
  ValidationException,
} from "../../mod.ts";
import {
  largeValues,
  type ReplicaFailure,
  replicas,
  type ReplicasOptions,
} from "../../src/views/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { Latency } from "../../src/views/replicas/latency.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { SwitchedFleet, untilUp } from "../support/switched_fleet.ts";
import { describeKeyCommands } from "./key_commands_suite.ts";

// Behind a number of 2^63 or more, memcached 1.6.18 looks for a minus sign beyond the end of the item: it takes the
// number for none where the memory has held a key with one before, as that of a generation.
describeKeyCommands("replicas, of one fleet", (client) => replicas([client]));
describeKeyCommands("replicas, of namespaces", (client) => {
  return replicas([client.namespace("a:"), client.namespace("b:")], { write: "all" });
}, { needs: "new" });
describeKeyCommands("replicas with read: nearest", (client) => {
  return replicas([client.namespace("a:"), client.namespace("b:")], { read: "nearest" });
}, { needs: "new" });

describeKeyCommands("replicas with read: any", (client) => {
  const options = { read: "any", hedgeAfter: 0, write: "all" } as const;
  return replicas([client.namespace("a:"), client.namespace("b:")], options);
}, { needs: "new" });

/** Two fleets of one server each. */
class Pair {
  readonly servers: MemcachedServer[] = [];
  readonly clients: Client[] = [];

  static async start(): Promise<Pair> {
    const pair = new Pair();
    for (let i = 0; i < 2; i++) {
      const server = await MemcachedServer.listen();
      pair.servers.push(server);
      pair.clients.push(new Client(server.address, { timeout: 5000 }));
    }
    return pair;
  }

  /** Other clients of the same servers, as another process has them. */
  static of(servers: readonly MemcachedServer[]): Pair {
    const pair = new Pair();
    for (const { address } of servers) pair.clients.push(new Client(address, { timeout: 5000 }));
    return pair;
  }

  get(i: number): Client {
    const client = this.clients[i];
    assert(client !== undefined);
    return client;
  }

  server(i: number): MemcachedServer {
    const server = this.servers[i];
    assert(server !== undefined);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
  }
}

Deno.test("replicas writes to all fleets with every command", async () => {
  await using pair = await Pair.start();
  const view = replicas(pair.clients, { write: "all" });
  const changes: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
    set: (key) => view.set(key, "2", 100),
    setMany: (key) => view.setMany({ [key]: "2" }),
    replace: (key) => view.replace(key, "2"),
    append: (key) => view.append(key, "2"),
    prepend: (key) => view.prepend(key, "2"),
    incr: (key) => view.incr(key),
    decr: (key) => view.decr(key),
    update: (key) => view.update(key, () => "2"),
    cas: async (key) => await view.cas(key, "2", (await view.gets(key))?.cas ?? 0n),
    delete: (key) => view.delete(key),
    deleteMany: (key) => view.deleteMany([key]),
  };
  for (const [key, change] of Object.entries(changes)) {
    await view.set(key, "1");
    assertEquals(await Promise.all(pair.clients.map((client) => client.get(key))), ["1", "1"]);
    await change(key);
    const [first, second] = await Promise.all(pair.clients.map((client) => client.get(key)));
    assert(first !== "1", key);
    assertEquals(second, first, key);
  }
  await view.add("added", 1);
  await view.getOrSet("loaded", () => 2);
  for (const client of pair.clients) {
    assertEquals([await client.get("added"), await client.get("loaded")], [1, 2]);
  }
});

Deno.test("replicas reads the next fleet after a miss, and gives the first what it lacks", async () => {
  await using pair = await Pair.start();
  const view = replicas(pair.clients);
  await pair.get(1).set("key", "value", 100);
  assertEquals(await view.get("key"), "value");
  // No caller waits for the repair: it is there soon.
  while (await pair.get(0).get("key") === undefined) await view.get("none");
  const { ttl = 0 } = await pair.get(0).inspect("key") ?? {};
  assert(ttl > 90 && ttl <= 100, `ttl is ${ttl}`);
  assertEquals(await view.get("none"), undefined);
});

Deno.test("replicas continues without a fleet, and dispatches an event", async () => {
  await using pair = await Pair.start();
  const view = replicas(pair.clients);
  const failures: ReplicaFailure[] = [];
  view.events.addEventListener("failure", (event) => failures.push(event as ReplicaFailure));
  await view.set("key", 1);
  await pair.server(0).close();
  assertEquals(await view.get("key"), 1);
  await view.set("key", 2);
  assertEquals(await view.incr("count", 1, { initial: 5 }), 5n);
  assertEquals(await view.getOrSet("loaded", () => 3), 3);
  assertEquals((await view.gets("key"))?.value, 2);
  assertEquals(
    await view.getMany(["key", "count"]),
    new Map<string, unknown>([["key", 2], ["count", "5"]]),
  );
  assert(failures.every(({ replica, error }) => replica === 0 && error instanceof SocketError));
  assertEquals(new Set(failures.map(({ operation }) => operation)), new Set(["read", "write"]));
  await pair.server(1).close();
  await assertRejects(() => view.get("key"), SocketError);
  await assertRejects(() => view.set("key", 3), SocketError);
});

Deno.test("replicas deletes what a fleet has missed a write of before it reads it there", async () => {
  await using pair = await Pair.start();
  const [first, second] = pair.clients;
  assert(first !== undefined && second !== undefined);
  let isDown = false;
  const away = new SocketError("away");
  const flaky = new Proxy(first, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (isDown) return Promise.reject(away);
        return Reflect.apply(value, target, args);
      };
    },
  }) as unknown as KeyCommands;
  const view = replicas([flaky, second]);
  await view.set("key", "old");
  isDown = true;
  await view.set("key", "new");
  isDown = false;
  assertEquals(await first.get("key"), "old");
  assertEquals(await view.get("key"), "new");
});

Deno.test("replicas deletes what a fleet has missed also under another key of the same item", async () => {
  let isDown = false;
  await using first = await MemcachedServer.listen({
    fault: () => isDown ? { drop: "before" } : undefined,
  });
  await using second = await MemcachedServer.listen();
  const keys = { encode: (key: string) => key.toLowerCase() };
  await using here = new Client(first.address, { keys });
  await using there = new Client(second.address, { keys });
  const view = replicas([here, there]);
  await view.set("Ada", "old");
  isDown = true;
  await view.set("Ada", "new");
  isDown = false;
  assertEquals(await view.get("ADA"), "new");
});

Deno.test("replicas needs as many fleets for a write as the option says", async () => {
  await using pair = await Pair.start();
  await pair.server(1).close();
  for (const [write, isEnough] of [["any", true], [1, true], ["all", false], [2, false]] as const) {
    const view = replicas(pair.clients, { write });
    if (isEnough) {
      await view.set("key", 1);
      await view.incr("count", 1, { initial: 1 });
    } else {
      await assertRejects(() => view.set("key", 1), SocketError);
      await assertRejects(() => view.incr("count", 1, { initial: 1 }), SocketError);
    }
  }
});

Deno.test("replicas asks the next fleet when the first is slow, by a clock that is set", async () => {
  await using pair = await Pair.start();
  await pair.get(1).set("key", "second");
  const due: { at: number; callback: () => void }[] = [];
  let time = 0;
  const clock = {
    now: () => time,
    after(delay: number, callback: () => void) {
      const entry = { at: time + delay, callback };
      due.push(entry);
      return () => void due.splice(due.indexOf(entry), 1);
    },
  };
  let answer = (_value: unknown) => {};
  const slow = new Proxy(pair.get(0), {
    get: (target, name) =>
      name === "get"
        ? () => new Promise((resolve) => answer = resolve)
        : Reflect.get(target, name).bind(target),
  }) as unknown as KeyCommands;
  const view = replicas([slow, pair.get(1)], { hedgeAfter: 30, clock });
  const getting = view.get("key");
  assertEquals(due.map(({ at }) => at), [30]);
  time = 30;
  due[0]?.callback();
  assertEquals(await getting, "second");
  answer("late");
});

Deno.test("replicas hedges after what 95 of 100 reads took, once it knows that", async () => {
  await using pair = await Pair.start();
  await pair.get(1).set("key", "second");
  let time = 0;
  let duration = 0;
  const delays: number[] = [];
  const clock = {
    now: () => time,
    after(delay: number, callback: () => void) {
      delays.push(delay);
      // Only a read that hangs is slow.
      if (duration === Infinity) callback();
      return () => {};
    },
  };
  const timed = new Proxy(pair.get(0), {
    get: (target, name) =>
      name !== "get" ? Reflect.get(target, name).bind(target) : () => {
        time += duration;
        return duration === Infinity ? new Promise(() => {}) : Promise.resolve("first");
      },
  }) as unknown as KeyCommands;
  const view = replicas([timed, pair.get(1)], { hedgeAfter: "p95", clock });
  // Of those that count in the end, five are slow.
  for (let i = 0; i < 101; i++) {
    duration = i % 20 === 0 ? 50 : 10;
    assertEquals(await view.get("key"), "first");
  }
  assertEquals(delays.length, 101 - 16);
  assertEquals(delays.at(-1), 10);
  duration = Infinity;
  assertEquals(await view.get("key"), "second");
});

Deno.test("replicas asks no other fleet once it has a value", async () => {
  await using pair = await Pair.start();
  const clock = new FakeClock();
  let asked = 0;
  const counted = new Proxy(pair.get(1), {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "get") return value.bind(target);
      return (...args: unknown[]) => (asked++, Reflect.apply(value, target, args));
    },
  }) as unknown as KeyCommands;
  const view = replicas([pair.get(0), counted], { hedgeAfter: 30, clock });
  await view.setMany({ a: 1, b: 2 });
  assertEquals([await view.get("a"), (await view.getMany(["a", "b"])).size], [1, 2]);
  await assertRejects(() => view.get("a b"), ValidationException);
  assertEquals(clock.pending, 0);
  clock.tick(1000);
  assertEquals(asked, 0);
});

/** A fleet that can be switched off and on: while it is off, every command fails. */
function switched(client: KeyCommands): { readonly commands: KeyCommands; isDown: boolean } {
  const fleet = {
    isDown: false,
    commands: new Proxy(client, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name === "locate") return value.bind(target);
        return (...args: unknown[]) => {
          if (fleet.isDown) return Promise.reject(new SocketError("away"));
          return Reflect.apply(value, target, args);
        };
      },
    }),
  };
  return fleet;
}

/** The commands that write. Each of them succeeds on the value "5". */
const WRITES: Readonly<Record<string, (view: KeyCommands) => Promise<unknown>>> = {
  set: (view) => view.set("key", "6"),
  setMany: (view) => view.setMany({ key: "6" }),
  add: (view) => view.add("added", "6"),
  replace: (view) => view.replace("key", "6"),
  append: (view) => view.append("key", "6"),
  prepend: (view) => view.prepend("key", "6"),
  cas: async (view) => await view.cas("key", "6", (await view.gets("key"))?.cas ?? 0n),
  incr: (view) => view.incr("key"),
  "incr with initial": (view) => view.incr("counted", 1, { initial: 6 }),
  decr: (view) => view.decr("key"),
  update: (view) => view.update("key", () => "6"),
  touch: (view) => view.touch("key", 100),
  delete: (view) => view.delete("key"),
  deleteMany: (view) => view.deleteMany(["key"]),
  invalidate: (view) => view.invalidate("key"),
};

for (const [name, write] of Object.entries(WRITES)) {
  Deno.test(`replicas: ${name} succeeds in as many fleets as write says, and nothing old is read later`, async () => {
    await using server = await MemcachedServer.listen();
    for (const needed of ["any", 1, 2, "all", 3] as const) {
      for (const downs of [[0], [1], [2], [0, 1], [1, 2]]) {
        await using client = new Client(server.address);
        const fleets = ["a:", "b:", "c:"].map((prefix) => switched(client.namespace(prefix)));
        const view = replicas(fleets.map(({ commands }) => commands), { write: needed });
        await client.flushAll();
        await view.set("key", "5");
        for (const down of downs) fleets[down]!.isDown = true;
        const [outcome] = await Promise.allSettled([write(view)]);
        const isEnough = 3 - downs.length >= (needed === "any" ? 1 : needed === "all" ? 3 : needed);
        const what = `${needed} without ${downs}`;
        assertEquals(outcome.status, isEnough ? "fulfilled" : "rejected", what);
        if (outcome.status === "rejected") assert(outcome.reason instanceof SocketError, what);
        // What has been written is what every fleet is read as, once it is back.
        const key = name === "add" ? "added" : name === "incr with initial" ? "counted" : "key";
        const written = await view.get(key);
        for (const fleet of fleets) fleet.isDown = false;
        assertEquals(await view.get(key), written, what);
        if (name !== "invalidate") await view.touch(key, 200);
        for (
          const read of [
            view.get(key),
            replicas(fleets.map((fleet) => fleet.commands)).get(key),
          ]
        ) {
          assertEquals(await read, written, what);
        }
      }
    }
  });
}

Deno.test("replicas: a touch or an invalidation leaves no value that a fleet should have lost", async () => {
  for (const change of ["touch", "invalidate"] as const) {
    await using pair = await Pair.start();
    const first = switched(pair.get(0));
    const view = replicas([first.commands, pair.get(1)]);
    await view.set("key", "old");
    first.isDown = true;
    await view.set("key", "new");
    first.isDown = false;
    if (change === "touch") await view.touch("key", 100);
    else await view.invalidate("key");
    assertEquals(await view.get("key"), "new", change);
  }
});

Deno.test("replicas: a cas whose fleet has missed a write since does not undo it", async () => {
  await using pair = await Pair.start();
  const first = switched(pair.get(0));
  const view = replicas([first.commands, pair.get(1)]);
  await view.set("key", "old");
  const { cas = 0n } = await view.gets("key") ?? {};
  first.isDown = true;
  await view.set("key", "new");
  await assertRejects(() => view.cas("key", "mine", cas), SocketError);
  first.isDown = false;
  assertEquals(await view.cas("key", "mine", cas), "exists");
  assertEquals(await view.get("key"), "new");
  await view.delete("key");
  assertEquals(await view.cas("key", "mine", cas), "not_found");
});

Deno.test("replicas: add stores nothing where any fleet has a value", async () => {
  await using pair = await Pair.start();
  const first = switched(pair.get(0));
  const view = replicas([first.commands, pair.get(1)]);
  // Another process holds the lock while it cannot reach the first fleet.
  first.isDown = true;
  assertEquals(await view.add("lock", "mine", 60), true);
  first.isDown = false;
  const other = replicas(pair.clients);
  assertEquals(await other.add("lock", "theirs", 60), false);
  assertEquals(await other.get("lock"), "mine");
  await assertRejects(() => view.add("a b", 1), ValidationException, "Cannot add");
});

Deno.test("replicas takes note of failed fleets with failover: miss, too", async () => {
  await using fleet = await SwitchedFleet.start(["a:1", "b:1"]);
  const [a, b] = fleet.servers;
  const options = {
    ...{ dial: fleet.dial, timeout: 10_000, probeDelay: 5, maxProbeDelay: 5 },
    failover: "miss",
  } as const;
  await using first = new Client("a:1", options);
  await using second = new Client("b:1", options);
  const same = (client: Client) => client;
  for (const wrap of [same, (client: Client) => largeValues(client)]) {
    const view = replicas([wrap(first), wrap(second)]);
    let missed = 0;
    view.events.addEventListener("failure", () => missed++);
    await view.setMany({ key: "old", count: "1" });
    await a?.become("refusing");
    await view.setMany({ key: "new", more: 1 });
    assertEquals([await view.get("key"), await view.incr("count")], ["new", 2n]);
    assert(missed > 0);
    await b?.become("refusing");
    await view.set("key", "lost");
    assertEquals([await view.get("key"), await view.gets("key")], [undefined, undefined]);
    assertEquals([await view.add("key", 1), await view.delete("key")], [false, false]);
    assertEquals(await view.incr("count"), undefined);
    assertEquals((await view.getMany(["key"])).size, 0);
    assertEquals(await view.deleteMany(["key"]), new Map([["key", false]]));
    await view.setMany({ key: "lost" });
    assertEquals(await view.getOrSet("key", () => "loaded"), "loaded");
    await assertRejects(() => view.get("key", { failover: "error" }), SocketError);
    await assertRejects(() => view.incr("count", 1, { initial: 1 }), SocketError);
    await a?.become("up");
    await b?.become("up");
    await Promise.all([first, second].map(untilUp));
    assertEquals([await view.get("key"), await view.get("count")], ["new", "2"]);
    assertEquals(await second.get("key"), "new");
  }
  await using strict = new Client("a:1", { ...options, failover: "error" });
  await a?.become("refusing");
  await assertRejects(() => replicas([strict]).get("key"), SocketError);
});

for (const failover of ["error", "miss"] as const) {
  Deno.test(`replicas reads nothing old in a fleet that getOrSet has left out, with failover: ${failover}`, async () => {
    await using fleet = await SwitchedFleet.start(["a:1", "b:1"]);
    const [a] = fleet.servers;
    const options = { dial: fleet.dial, failover, probeDelay: 5, maxProbeDelay: 5 };
    await using first = new Client("a:1", options);
    await using second = new Client("b:1", options);
    const view = replicas([first, second]);
    const missed: number[] = [];
    view.events.addEventListener("failure", (event) => {
      missed.push((event as ReplicaFailure).replica);
    });
    await view.set("key", "old");
    await second.delete("key");
    await a?.become("refusing");
    assertEquals(await view.getOrSet("key", () => "new"), "new");
    assertEquals(missed, [0]);
    await a?.become("up");
    await untilUp(first);
    assertEquals(await view.get("key"), "new");
  });
}

Deno.test("replicas deletes what a fleet has taken when it had refused a later write", async () => {
  await using slow = await MemcachedServer.listen({
    fault: ({ line }) => line.startsWith("set key") ? { delay: 20 } : undefined,
  });
  await using fast = await MemcachedServer.listen();
  await using first = new Client(slow.address, { maxPending: 1 });
  await using second = new Client(fast.address);
  const view = replicas([first, second]);
  await view.get("key");
  const before = view.set("key", "before");
  // The first fleet refuses it at once.
  const after = view.set("key", "after");
  await Promise.all([before, after]);
  for (let i = 0; i < 5; i++) assertEquals(await view.get("key"), "after");
});

Deno.test("replicas copies no stale value as a new one", async () => {
  await using first = await MemcachedServer.listen();
  await using second = await MemcachedServer.listen();
  await using here = new Client(first.address);
  await using there = new Client(second.address);
  const view = replicas([here, there]);
  await view.setMany({ read: "old", count: "1" });
  await Promise.all([view.invalidate("read"), view.invalidate("count")]);
  await here.delete("read");
  for (let i = 0; i < 5; i++) assertEquals(await view.get("read"), "old");
  assertEquals(await view.getOrSet("read", () => "new"), "new");
  // memcached counts a stale counter, and it stays stale.
  await view.incr("count");
  assertEquals(await replicas([there, here]).getOrSet("count", () => "new"), "new");
});

/** Commands in which a fleet that lacks a value gets it first, and what each makes of the value 5. */
const ON_VALUES: Readonly<Record<string, (view: KeyCommands) => Promise<unknown>>> = {
  get: (view) => view.get("key"),
  getMany: async (view) => (await view.getMany(["key"])).get("key"),
  gets: async (view) => (await view.gets("key"))?.value,
  inspect: async (view) => await view.inspect("key") !== undefined && "5",
  getAndTouch: (view) => view.getAndTouch("key", 60),
  getOrSet: (view) => view.getOrSet("key", () => "new"),
  replace: async (view) => await view.replace("key", "5"),
  append: async (view) => await view.append("key", ""),
  prepend: async (view) => await view.prepend("key", ""),
  incr: (view) => view.incr("key", 0),
  "incr with initial": (view) => view.incr("key", 0, { initial: 100 }),
  "decr with initial": (view) => view.decr("key", 0, { initial: 100 }),
  update: (view) => view.update("key", (value) => value),
  cas: async (view) => await view.cas("key", "5", (await view.gets("key"))?.cas ?? 0n) === "stored",
};

for (const [name, command] of Object.entries(ON_VALUES)) {
  Deno.test(`replicas: ${name} finds what the first fleet lacks`, async () => {
    await using pair = await Pair.start();
    const view = replicas(pair.clients, { write: "all" });
    await pair.get(1).set("key", "5", 100);
    assert(["5", 5n, true].includes(await command(view) as string), name);
    assertEquals(await view.get("key"), "5");
    assertEquals(await pair.get(1).get("key"), "5");
    assertEquals(await view.incr("none"), undefined);
    assertEquals(await view.gets("none"), undefined);
  });
}

/** Commands that leave a stale value stale. */
const LEAVING = ["get", "getMany", "gets", "inspect", "add"];

for (const imitate of [undefined, "1.5.16"] as const) {
  const suffix = imitate === undefined ? "" : " on servers without meta commands";
  Deno.test(`replicas finds a stale value that the first fleet lacks${suffix}`, async () => {
    const { getOrSet: _, ...others } = ON_VALUES;
    const add: (view: KeyCommands) => Promise<unknown> = async (view) =>
      !await view.add("key", "new");
    for (const [name, command] of Object.entries({ ...others, add })) {
      const settings = imitate === undefined ? {} : { imitate };
      await using first = await MemcachedServer.listen(settings);
      await using second = await MemcachedServer.listen(settings);
      await using here = new Client(first.address);
      await using there = new Client(second.address);
      const view = replicas([here, there], { write: "all" });
      await view.set("key", "5", 100);
      await view.invalidate("key", { staleFor: 60 });
      await here.delete("key");
      const result = await command(view);
      assert(result === "5" || result === 5n || result === true, name);
      assertEquals([await view.get("key"), await there.get("key")], ["5", "5"], name);
      if (LEAVING.includes(name)) {
        // No client has computed it again.
        assertEquals(await view.getOrSet("key", () => "new"), "new", name);
      }
    }
  });
}

Deno.test("replicas copies with the caller's exptime where no server tells what is left", async () => {
  const stores: Readonly<Record<string, (view: KeyCommands, key: string) => Promise<unknown>>> = {
    add: (view, key) => view.add(key, "1", 100),
    replace: async (view, key) => {
      await view.set(key, "0");
      await view.replace(key, "1", 100);
    },
    cas: async (view, key) => {
      await view.set(key, "0");
      await view.cas(key, "1", (await view.gets(key))?.cas ?? 0n, 100);
    },
    update: (view, key) => view.update(key, () => "1", { exptime: 100 }),
    "update by a function": (view, key) => {
      return view.update(key, () => "1", { exptime: (value) => value === "1" ? 100 : 0 });
    },
  };
  let time = Date.now();
  const options = { now: () => time, imitate: "1.5.16" } as const;
  await using first = await MemcachedServer.listen(options);
  await using second = await MemcachedServer.listen(options);
  await using here = new Client(first.address, { dialect: "classic" });
  await using there = new Client(second.address, { dialect: "classic" });
  const view = replicas([here, there], { write: "all" });
  const names = Object.entries(stores).map(([name, store], i) => ({ name, store, key: `key${i}` }));
  for (const { store, key } of names) await store(view, key);
  time += 98_000;
  for (const { name, key } of names) assertEquals(await there.get(key), "1", name);
  time += 4000;
  for (const { name, key } of names) assertEquals(await there.get(key), undefined, name);
});

Deno.test("replicas counts on from what another fleet has", async () => {
  await using pair = await Pair.start();
  const view = replicas(pair.clients);
  assertEquals(await view.incr("count", 1, { initial: 10 }), 10n);
  await pair.get(0).delete("count");
  assertEquals(await view.incr("count", 1, { initial: 10 }), 11n);
  for (const client of pair.clients) assertEquals(await client.get("count"), "11");
  for (const initial of [-1, 1.5, "1"]) {
    const options = { initial: initial as number };
    await assertRejects(() => view.incr("count", 1, options), ValidationException);
  }
  const wrong = { inital: 1 } as object;
  await assertRejects(() => view.incr("count", 1, wrong), ValidationException, "inital");
});

Deno.test("replicas sets and deletes many keys when each fleet refuses some of them", async () => {
  await using fleets = await SwitchedFleet.start(["a:1", "b:1", "c:1", "d:1"]);
  const options = {
    ...{ dial: fleets.dial, timeout: 10_000, probeDelay: 5, maxProbeDelay: 5 },
    locator: () => ({ locate: (key: string) => Number(key.startsWith("y")) }),
  };
  await using first = new Client(fleets.names.slice(0, 2), options);
  await using second = new Client(fleets.names.slice(2), options);
  const any = replicas([first, second]);
  const all = replicas([first, second], { write: "all" });
  await any.setMany({ x: "old", y: "old" });
  const [, y1, x2] = fleets.servers;
  await y1?.become("refusing");
  await x2?.become("refusing");
  await any.setMany({ x: "new", y: "new" });
  assertEquals([await first.get("x"), await second.get("y")], ["new", "new"]);
  const error = await assertRejects(() => all.setMany({ x: 1, y: 1 }), PartialSocketError);
  assertEquals([...error.failures.keys()].toSorted(), ["x", "y"]);
  await any.setMany({ x: "last", y: "last" });
  await y1?.become("up");
  await x2?.become("up");
  await Promise.all([first, second].map(untilUp));
  // What each fleet has missed is not read there.
  assertEquals([await first.get("y"), await second.get("x")], ["old", "old"]);
  for (const read of ["first", "any"] as const) {
    for (let i = 0; i < 10; i++) assertEquals((await any.getMany(["x", "y"])).size, 2, read);
    assertEquals(await any.getMany(["x", "y"]), new Map([["x", "last"], ["y", "last"]]));
  }
  await y1?.become("refusing");
  assertEquals(
    await any.deleteMany(["x", "y", "none"]),
    new Map([["x", true], ["y", true], ["none", false]]),
  );
});

Deno.test("replicas: getMany rejects with what it has read where no fleet answers for some keys", async () => {
  await using fleets = await SwitchedFleet.start(["a:1", "b:1", "c:1", "d:1"]);
  const options = {
    dial: fleets.dial,
    locator: () => ({ locate: (key: string) => Number(key.startsWith("y")) }),
  };
  await using first = new Client(fleets.names.slice(0, 2), options);
  await using second = new Client(fleets.names.slice(2), options);
  const view = replicas([first, second]);
  await view.setMany({ x: 1, y1: 2, y2: 3 });
  const [, y1, , y2] = fleets.servers;
  await y1?.become("refusing");
  await y2?.become("refusing");
  const keys = ["x", "y1", "none", "y2"];
  const error = await assertRejects(() => view.getMany(keys), PartialSocketError);
  assertEquals([...error.failures.keys()].toSorted(), ["y1", "y2"]);
  assertEquals(error.results, new Map([["x", 1]]));
});

/** The same commands, but `getOrSet` begins only when a promise has resolved. */
function withHeldGetOrSet(commands: KeyCommands, until: Promise<void>): KeyCommands {
  return new Proxy(commands, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "getOrSet") return value.bind(target);
      return async (...args: unknown[]) => {
        await until;
        return await Reflect.apply(value, target, args);
      };
    },
  });
}

Deno.test("replicas: getOrSet does not wait for a repair in another format", async () => {
  await using pair = await Pair.start();
  const repaired = Promise.withResolvers<void>();
  const slow = withHeldGetOrSet(pair.get(0), repaired.promise);
  const view = replicas([slow, pair.get(1)]);
  await pair.get(1).set("key", "text");
  assertEquals(await view.get("key"), "text");
  const other = view.withTranscoder({ ...moecacheTranscoder });
  assertEquals(await other.getOrSet("key", () => "new"), "text");
  repaired.resolve();
  assertEquals(await view.getOrSet("key", () => "new"), "text");
});

Deno.test("replicas: getOrSet of processes in different zones loads a value once", async () => {
  await using pair = await Pair.start();
  await using others = Pair.of(pair.servers);
  const zones = ["a", "b"];
  const views = [pair, others].map(({ clients }, i) => {
    return replicas(clients, { read: "nearest", zones, zone: zones[i] ?? "" });
  });
  for (let i = 0; i < 20; i++) {
    let loads = 0;
    const load = () => Promise.resolve(++loads);
    const options = { exptime: 60, waitFor: 30 };
    const key = `key:${i}`;
    const values = await Promise.all(views.map((view) => view.getOrSet(key, load, options)));
    assertEquals([...values, loads], [1, 1, 1], key);
    assertEquals(await Promise.all(pair.clients.map((client) => client.get(key))), [1, 1], key);
  }
});

Deno.test("replicas reads the fleet that answers fastest, or any of them", async () => {
  await using pair = await Pair.start();
  let time = 0;
  const clock = { now: () => time, after: () => () => {} };
  const asked = [0, 0];
  const fleets = [20, 1].map((duration, i) =>
    new Proxy(pair.get(i), {
      get: (target, name) =>
        name !== "get" ? Reflect.get(target, name).bind(target) : () => {
          asked[i] = (asked[i] ?? 0) + 1;
          time += duration;
          return Promise.resolve("value");
        },
    }) as unknown as KeyCommands
  );
  const nearest = replicas(fleets, { read: "nearest", clock });
  for (let i = 0; i < 100; i++) await nearest.get("key");
  const [slow = 0, fast = 0] = asked;
  assert(slow <= 10 && fast >= 90, `${asked}`);
  asked.fill(0);
  const any = replicas(fleets, { read: "any", clock });
  for (let i = 0; i < 200; i++) await any.get("key");
  for (const count of asked) assert(count > 50, `${asked}`);
});

Deno.test("Latency gives the average in which the latest durations count most", () => {
  const latency = new Latency();
  assertEquals(latency.smoothed, undefined);
  latency.add(100);
  assertEquals(latency.smoothed, 100);
  latency.add(200);
  assertAlmostEquals(latency.smoothed ?? 0, 110);
  latency.add(10);
  assertAlmostEquals(latency.smoothed ?? 0, 100);
});

Deno.test("replicas reads its own zone first", async () => {
  await using pair = await Pair.start();
  await pair.get(0).set("key", "far");
  await pair.get(1).set("key", "near");
  const view = replicas(pair.clients, { read: "nearest", zones: ["b", "a"], zone: "a" });
  for (let i = 0; i < 20; i++) assertEquals(await view.get("key"), "near");
  const any = replicas(pair.clients, { read: "any" });
  const found = new Set<unknown>();
  for (let i = 0; i < 100; i++) found.add(await any.get("key"));
  assertEquals(found.size, 2);
});

Deno.test("replicas does not treat a refusal as a failure of a fleet", async () => {
  await using pair = await Pair.start();
  const view = replicas(pair.clients);
  await view.set("text", "no number");
  await assertRejects(() => view.incr("text"), ClientException);
});

Deno.test("replicas refuses invalid options", async () => {
  await using client = new Client("127.0.0.1:1");
  const wrong: unknown[] = [
    { read: "last" },
    { write: 0 },
    { write: 2 },
    { hedgeAfter: -1 },
    { hedgeAfter: "p99" },
    { zones: ["a"] },
    { zones: ["a", "b"], zone: "a" },
    { zones: [5], zone: "a" },
    { zones: ["a"], zone: 5 },
    { replica: 1 },
  ];
  for (const options of wrong) {
    assertThrows(() => replicas([client], options as ReplicasOptions), ValidationException);
  }
  assertThrows(() => replicas([]), ValidationException);
});

Deno.test("replicas gives a fleet the chunks of a large value that it lacks", async () => {
  await using pair = await Pair.start();
  const view = replicas(pair.clients);
  const large = largeValues(view, { chunkByteLength: 1024 });
  const value = new Uint8Array(5000).fill(7);
  await large.set("key", value);
  const first = pair.get(0).withTranscoder(rawTranscoder);
  const chunks: string[] = [];
  for await (const { key } of pair.get(1).items()) if (key !== "key") chunks.push(key);
  assertEquals(chunks.length, 5);
  await first.deleteMany(chunks);
  assertEquals(await large.get("key"), value);
  while ((await first.getMany(chunks)).size < chunks.length) await view.get("none");
});

Deno.test("replicas: the signal ends the wait of getOrSet for a repair", async () => {
  await using pair = await Pair.start();
  const [first, second] = pair.clients;
  assert(first !== undefined && second !== undefined);
  const repaired = Promise.withResolvers<void>();
  const slow = withHeldGetOrSet(first, repaired.promise);
  const view = replicas([slow, second]);
  await second.set("key", 1);
  assertEquals(await view.get("key"), 1);
  // It fails before the fleet is asked.
  const controller = new AbortController();
  const waiting = view.getOrSet("key", () => 2, { signal: controller.signal });
  controller.abort("enough");
  assertEquals(await waiting.catch((reason) => reason), "enough");
  repaired.resolve();
  assertEquals(await view.getOrSet("key", () => 2), 1);
});
