import { assert, assertEquals, assertRejects } from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import {
  CHANNELS,
  Client,
  type ClientOptions,
  rawTranscoder,
  TimeoutError,
  ValidationException,
} from "../../mod.ts";
import type { KeyCommands } from "../../src/commands/key_commands.ts";
import { elastiCache } from "../../src/discovery/mod.ts";
import { migrate } from "../../src/routing/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { ScriptedPeer } from "../support/scripted_peer.ts";
import {
  type Context,
  FAILURE,
  Listener,
  noteUncaught,
  SUCCESS,
  testChannels,
  testWithoutChannels,
} from "./listener.ts";
import { until } from "../support/turns.ts";

const SECRET = "what-nobody-must-see";

/** Calls something for a client of a server in this process. */
async function withClient(
  use: (client: Client, server: MemcachedServer) => Promise<void>,
  options: ClientOptions = {},
): Promise<void> {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, options);
  await use(client, server);
}

testChannels(
  "every method of a client is one operation with the events of tracePromise",
  async () => {
    await withClient(async (client) => {
      using listener = new Listener().trace(CHANNELS.command);
      const items = new Map([["many", SECRET]]);
      await client.set("key", SECRET);
      await client.setMany(items.entries());
      await client.getMany(["key", "key", "none"].values());
      await client.get("key");
      const { cas } = await client.gets("key") ?? { cas: 0n };
      await client.cas("key", SECRET, cas);
      await client.getAndTouch("key", 60);
      await client.add("added", SECRET);
      await client.replace("added", SECRET);
      await client.append("added", SECRET);
      await client.prepend("added", SECRET);
      await client.touch("added", 60);
      await client.incr("counter", 1n, { initial: 1n });
      await client.decr("counter");
      await client.getOrSet("computed", () => SECRET);
      await client.update("computed", () => SECRET);
      await client.invalidate("computed");
      await client.inspect("key");
      await client.meta("mg", "key");
      await client.delete("key");
      await client.deleteMany(new Set(["many", "none"]));
      await client.withTranscoder(rawTranscoder).get("none");

      const seen = listener.traces.map(({ context: { command, args, keys, hits, misses } }) => {
        return [command, args?.join(), keys, hits, misses];
      });
      assertEquals(seen, [
        ["set", "key", 1, undefined, undefined],
        ["setMany", "many", 1, undefined, undefined],
        ["getMany", "key,none", 2, 1, 1],
        ["get", "key", 1, 1, 0],
        ["gets", "key", 1, 1, 0],
        ["cas", "key", 1, undefined, undefined],
        ["getAndTouch", "key", 1, 1, 0],
        ["add", "added", 1, undefined, undefined],
        ["replace", "added", 1, undefined, undefined],
        ["append", "added", 1, undefined, undefined],
        ["prepend", "added", 1, undefined, undefined],
        ["touch", "added", 1, undefined, undefined],
        ["incr", "counter", 1, undefined, undefined],
        ["decr", "counter", 1, undefined, undefined],
        ["getOrSet", "computed", 1, 0, 1],
        ["update", "computed", 1, undefined, undefined],
        ["invalidate", "computed", 1, undefined, undefined],
        ["inspect", "key", 1, 1, 0],
        ["meta", "key", 1, undefined, undefined],
        ["delete", "key", 1, undefined, undefined],
        ["deleteMany", "many,none", 2, undefined, undefined],
        ["get", "none", 1, 0, 1],
      ]);
      for (const { context, events } of listener.traces) {
        assertEquals([context.command, ...events], [context.command, ...SUCCESS]);
        assert(context.serverPort !== undefined && context.attempts !== undefined, context.command);
        assert(!JSON.stringify(context).includes(SECRET), context.command);
      }
      assertEquals(listener.traces[0]?.context.valueBytes, SECRET.length);
      assertEquals(listener.traces[3]?.context.valueBytes, SECRET.length);
    });
  },
);

testChannels("what all servers are asked for is an operation without keys", async () => {
  await using other = await MemcachedServer.listen();
  await withClient(async (client) => {
    using listener = new Listener().trace(CHANNELS.command);
    await client.stats("items");
    await client.version();
    await client.verbosity(1);
    await client.flushAll();
    await client.setServers([other.address, "127.0.0.1:1"]);
    await assertRejects(() => client.version());
    await assertRejects(() => client.verbosity(-1));
    const discovery = { name: "test", lookUp: () => Promise.resolve({ servers: [other.address] }) };
    await using discovering = new Client([], { discovery });
    await discovering.version();
    assertEquals(
      listener.traces.map(({ context: { command, args, keys, attempts }, events }) => {
        return [command, args, keys, attempts, events];
      }),
      [
        ["stats", [], 0, 1, SUCCESS],
        ["version", [], 0, 1, SUCCESS],
        ["verbosity", [], 0, 1, SUCCESS],
        ["flushAll", [], 0, 1, SUCCESS],
        ["version", [], 0, 1, FAILURE],
        ["verbosity", [], 0, undefined, FAILURE],
        ["version", [], 0, 1, SUCCESS],
      ],
    );
    assert(listener.traces[0]?.context.serverPort !== undefined);
    assertEquals(listener.traces[4]?.context.serverPort, undefined);
  });
});

testChannels(
  "an operation of a namespace is one, with the namespace and the key that the caller knows",
  async () => {
    await withClient(async (client) => {
      const pages = client.namespace("pages:");
      using listener = new Listener().trace(CHANNELS.command);
      await pages.set("home", SECRET);
      await pages.getMany(["home", "about"]);
      await pages.invalidateAll();
      await pages.get("home");
      assertEquals(
        listener.traces.map(({ context: { command, args, namespace, hits, misses } }) => {
          return [command, args?.join(), namespace, hits, misses];
        }),
        [
          ["set", "home", "pages:", undefined, undefined],
          ["getMany", "home,about", "pages:", 1, 1],
          ["invalidateAll", "", "pages:", undefined, undefined],
          ["get", "home", "pages:", 0, 1],
        ],
      );
      for (const { events } of listener.traces) assertEquals(events, SUCCESS);
    });
  },
);

testChannels(
  "getOrSet, update, inspect and invalidate publish hits, misses and bytes in both dialects",
  async () => {
    for (const dialect of ["meta", "classic"] as const) {
      await withClient(async (client) => {
        using listener = new Listener().trace(CHANNELS.command).listen(CHANNELS.lease);
        await client.getOrSet("key", () => SECRET);
        await client.getOrSet("key", () => "");
        await client.update("key", () => "four");
        await client.inspect("key");
        await client.invalidate("key");
        await client.namespace("pages:").getOrSet("key", () => SECRET);
        const seen = listener.traces.map(({ context }) => {
          const { command, hits, misses, valueBytes, serverPort, attempts } = context;
          return [command, hits, misses, valueBytes, serverPort !== undefined, attempts];
        });
        assertEquals(seen, [
          ["getOrSet", 0, 1, SECRET.length, true, 1],
          ["getOrSet", 1, 0, SECRET.length, true, 1],
          ["update", undefined, undefined, 4, true, 1],
          ["inspect", 1, 0, undefined, true, 1],
          ["invalidate", undefined, undefined, undefined, true, 1],
          ["getOrSet", 0, 1, SECRET.length, true, 1],
        ]);
        const namespaces = listener.messages.map(({ namespace }) => namespace);
        assertEquals(namespaces, [undefined, undefined, "pages:"]);
      }, { dialect });
    }
  },
);

testChannels("an operation on a key that moves is sent to the new server", async () => {
  await using former = await MemcachedServer.listen();
  await using next = await MemcachedServer.listen();
  const locator = migrate({ servers: [former.address] }, { servers: [next.address] });
  await using before = new Client(former.address);
  await before.set("key", SECRET);
  await using client = new Client([former.address, next.address], { locator });
  using listener = new Listener().trace(CHANNELS.command);
  assertEquals(await client.get("key"), SECRET);
  await client.set("key", SECRET);
  assertEquals(
    listener.traces.map(({ context: { serverPort, attempts, valueBytes } }) => {
      return [serverPort, attempts, valueBytes];
    }),
    [[next.port, 1, SECRET.length], [next.port, 1, SECRET.length]],
  );
});

testChannels("start runs in the caller's async context, before the call returns", async () => {
  await withClient(async (client) => {
    const storage = new AsyncLocalStorage<string>();
    const stores: unknown[] = [];
    using _ = new Listener().trace(CHANNELS.command, {
      start: () => stores.push(storage.getStore()),
    });
    const got = storage.run("caller", () => client.get("key"));
    assertEquals(stores, ["caller"]);
    await got;
  });
});

testChannels("a store that is bound to start has the operation while it is issued", async () => {
  const { default: diagnostics } = await import("node:diagnostics_channel");
  const start = diagnostics.channel(`tracing:${CHANNELS.command}:start`);
  for (const listens of [false, true]) {
    const dialled: unknown[] = [];
    const storage = new AsyncLocalStorage<Context>();
    start.bindStore(storage);
    try {
      // For Cloudflare Workers, a store alone is no subscriber.
      if (!listens && !hasSubscribers(start)) continue;
      using listener = listens ? new Listener().trace(CHANNELS.command) : undefined;
      const dial = () => {
        dialled.push(storage.getStore()?.command);
        return Promise.reject(new Error("no server"));
      };
      await using client = new Client("127.0.0.1:1", { dial });
      await assertRejects(() => client.get("key"));
      assertEquals(storage.getStore(), undefined);
      if (listens) assertEquals(listener?.traces.map(({ events }) => events), [FAILURE]);
    } finally {
      start.unbindStore(storage);
    }
    assertEquals(dialled, ["get"]);
  }
});

testChannels(
  "an operation that fails before it is sent has its events, and so has the next one",
  async () => {
    await withClient(async (client) => {
      await assertRejects(() => client.get("not a key"));
      using listener = new Listener().trace(CHANNELS.command);
      await assertRejects(() => client.get("not a key"));
      await assertRejects(() => client.getMany(1 as unknown as string[]));
      const broken = (function* () {
        yield "key";
        throw new Error("broken");
      })();
      await assertRejects(() => client.getMany(broken), Error, "broken");
      await client.get("key");
      assertEquals(
        listener.traces.map(({ events }) => events),
        [FAILURE, FAILURE, FAILURE, SUCCESS],
      );
    });
  },
);

testChannels("a namespace publishes what it rejects as a client does", async () => {
  await withClient(async (client) => {
    const invalid = (commands: KeyCommands) => [
      () => commands.getMany(1 as unknown as string[]),
      () => commands.getMany(["a", "not a key"]),
      () => commands.getMany(["a", 1 as unknown as string]),
      () => commands.deleteMany("key"),
      () => commands.deleteMany(new Set(["not a key"])),
      () => commands.setMany([1] as unknown as []),
      () => commands.setMany({ "not a key": 1 }),
      () => commands.getOrSet("key", 1 as unknown as () => number),
      () => commands.update("key", 1 as unknown as () => number),
      () => commands.get(1 as unknown as string),
      () => commands.get("key", { timeout: 1 } as object),
      () =>
        commands.getMany((function* () {
          yield "key";
          throw new ValidationException("broken");
        })()),
    ];
    const publishedBy = async (commands: KeyCommands) => {
      using listener = new Listener().trace(CHANNELS.command);
      for (const operate of invalid(commands)) await assertRejects(operate, ValidationException);
      return listener.traces.map(({ context: { command, args, keys }, events }) => {
        return [command, args, keys, ...events];
      });
    };
    const expected = await publishedBy(client);
    assertEquals(expected.length, invalid(client).length);
    assertEquals(expected[1], ["getMany", ["a", "not a key"], 2, ...FAILURE]);
    assertEquals(await publishedBy(client.namespace("pages:")), expected);
    // A list that can be read once is read once.
    const pages = client.namespace("pages:");
    using listener = new Listener().trace(CHANNELS.command);
    await pages.setMany(new Map([["a", 1], ["b", 2]]).entries());
    assertEquals((await pages.getMany(new Set(["a", "b"]).values())).size, 2);
    assertEquals((await pages.deleteMany(["a", "b"].values())).size, 2);
    assertEquals(
      listener.traces.map(({ context: { command, args, hits } }) => [command, args, hits]),
      [["setMany", ["a", "b"], undefined], ["getMany", ["a", "b"], 2], [
        "deleteMany",
        ["a", "b"],
        undefined,
      ]],
    );
  });
});

testChannels("abort, timeout and close end an operation once", async () => {
  for (const way of ["abort", "timeout", "close"] as const) {
    const asked = Promise.withResolvers<void>();
    await using silent = new ScriptedPeer(async (connection) => {
      await connection.request();
      asked.resolve();
    });
    const clock = new FakeClock();
    await using client = new Client(silent.address, {
      clientName: "silent",
      ...way === "timeout" ? { timeout: 20, clock } : {},
    });
    using listener = new Listener().trace(CHANNELS.command).trace(CHANNELS.batch);
    const aborting = new AbortController();
    const got = assertRejects(() => client.get("key", { signal: aborting.signal }), Error);
    await asked.promise;
    if (way === "abort") aborting.abort(new Error("enough"));
    if (way === "timeout") await clock.tickSlowly(20);
    if (way === "close") await client.close();
    const error = await got;
    if (way === "timeout") assert(error instanceof TimeoutError && error.client === "silent");
    const [command] = listener.traces;
    assertEquals([way, ...command?.events ?? []], [way, ...FAILURE]);
    assertEquals(command?.context.error, error);
    assertEquals(client.metrics().errors, { [error.name]: 1 });
    await client.close();
    assertEquals(listener.traces.map(({ events }) => events), [FAILURE, FAILURE]);
  }
});

testChannels("failover and retries are published, and the operation ends once", async () => {
  await using server = await MemcachedServer.listen();
  using listener = new Listener().trace(CHANNELS.command).listen(CHANNELS.failover);
  await using missing = new Client("127.0.0.1:1", { failover: "miss" });
  assertEquals(await missing.get("key"), undefined);
  await using retrying = new Client("127.0.0.1:1", { retries: 1 });
  await assertRejects(() => retrying.get("key"));
  await using spared = new Client("127.0.0.1:1", {
    failover: { gutter: server.address },
    failuresBeforeDead: 1,
  });
  await spared.set("key", SECRET);
  assertEquals(
    listener.traces.map(({ context, events }) => [context.attempts, ...events]),
    [[1, ...SUCCESS], [2, ...FAILURE], [2, ...SUCCESS]],
  );
  assertEquals(listener.traces[2]?.context.serverPort, server.port);
  assertEquals(
    listener.messages.map(({ from, to, why, client }) => [from, to, why, client]),
    [
      ["127.0.0.1:1", undefined, "miss", "moecache"],
      ["127.0.0.1:1", "127.0.0.1:1", "retry", "moecache"],
      ["127.0.0.1:1", server.address, "gutter", "moecache"],
    ],
  );
  assertEquals(spared.metrics().failovers, 1);
});

testChannels("a batch is the gets of one request, or the neighbours of one kind", async () => {
  await withClient(async (client) => {
    using listener = new Listener().trace(CHANNELS.batch);
    await Promise.all([client.set("a", 1), client.set("b", 2), client.delete("c")]);
    await Promise.all([client.get("a"), client.get("b"), client.getMany(["c", "d"])]);
    assertEquals(
      listener.traces.map(({ context: { command, batchMode, batchSize }, events }) => {
        return [command, batchMode, batchSize, ...events];
      }),
      [
        ["set", "PIPELINE", 2, ...SUCCESS],
        ["delete", "PIPELINE", 1, ...SUCCESS],
        ["get", "COALESCED", 4, ...SUCCESS],
      ],
    );
    assertEquals(listener.traces[2]?.context.bytes, "get a b c d\r\n".length);
  });
});

testChannels("reads with a request for each key are one batch in one write", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  using listener = new Listener().trace(CHANNELS.batch);
  const long = "k".repeat(240);
  await Promise.all(["a", "b", "c"].map((key) => client.getAndTouch(key, 60)));
  await Promise.all([client.get("a"), client.getAndTouch("b", 60), client.gets("c")]);
  // More than fits in one request.
  await client.getMany(Array.from({ length: 70 }, (_, i) => `${long}${i}`));
  assertEquals(
    listener.traces.map(({ context: { command, batchMode, batchSize } }) => {
      return [command, batchMode, batchSize];
    }),
    [
      ["gat", "PIPELINE", 3],
      ["get", "COALESCED", 1],
      ["gat", "PIPELINE", 1],
      ["gets", "COALESCED", 1],
      ["get", "COALESCED", 65],
      ["get", "COALESCED", 5],
    ],
  );
  assertEquals(listener.traces[0]?.context.bytes, 3 * "gat 60 a\r\n".length);
  assertEquals(client.metrics().coalescedKeys, 70);
});

testChannels("connections and servers are published without credentials", async () => {
  await using server = await MemcachedServer.listen({ auth: { username: "me", password: SECRET } });
  using listener = new Listener().trace(CHANNELS.connect).listen(CHANNELS.connectionClosed)
    .listen(CHANNELS.server);
  const auth = { username: "me", password: SECRET };
  const client = new Client(server.address, { auth, clientName: "named" });
  await client.get("key");
  await client.close();
  await using refused = new Client("127.0.0.1:1", { failuresBeforeDead: 1 });
  await assertRejects(() => refused.get("key"));
  const [first, second] = listener.traces;
  assertEquals([...first?.events ?? []], SUCCESS);
  assertEquals([first?.context.client, first?.context.tls], ["named", false]);
  assertEquals(first?.context.serverPort, server.port);
  assertEquals(second?.events, FAILURE);
  const [closed, ...states] = listener.messages;
  assertEquals(closed?.connectionEpoch, first?.context.connectionEpoch);
  assertEquals(states.map(({ state, server }) => [state, server]), [
    ["error", "127.0.0.1:1"],
    ["down", "127.0.0.1:1"],
  ]);
  assert(!JSON.stringify([listener.traces, listener.messages]).includes(SECRET));
});

testChannels("the connections of items, watch and look-ups are published", async () => {
  await using server = await MemcachedServer.listen({ auth: { username: "me", password: SECRET } });
  await using endpoint = await MemcachedServer.listen({
    auth: { username: "me", password: SECRET },
    cluster: [server.address],
  });
  using listener = new Listener().trace(CHANNELS.connect).listen(CHANNELS.connectionClosed);
  const auth = { username: "me", password: SECRET };
  for (const io of ["direct", "streams"] as const) {
    const discovery = elastiCache(endpoint.address, { interval: 2_000_000_000 });
    const client = new Client([], { auth, discovery, clientName: io, io });
    await client.set("key", 1);
    for await (const { key } of client.items()) assertEquals(key, "key");
    const aborting = new AbortController();
    const watched = client.watch(["mutations"], { signal: aborting.signal });
    await watched.ready;
    aborting.abort(new Error("enough"));
    await assertRejects(() => watched.getReader().read(), Error, "enough");
    await client.close();
  }
  const expected = (client: string) => [
    ["opened", client, endpoint.port, true, SUCCESS],
    ["opened", client, server.port, undefined, SUCCESS],
    ["opened", client, server.port, true, SUCCESS],
    ["opened", client, server.port, true, SUCCESS],
  ];
  assertEquals(
    listener.traces.map(({ context: { client, serverPort, isSeparate }, events }) => {
      return ["opened", client, serverPort, isSeparate, events];
    }),
    [...expected("direct"), ...expected("streams")],
  );
  const numbers = (contexts: Context[]) => contexts.map((context) => context.connectionEpoch);
  const opened = numbers(listener.traces.map(({ context }) => context));
  assertEquals(new Set(opened).size, 8);
  assertEquals(numbers(listener.messages).sort(), opened.sort());
  for (const { reason, isFailure } of listener.messages) {
    assert(reason instanceof Error);
    assertEquals(isFailure, false);
  }
  assert(!JSON.stringify([listener.traces, listener.messages]).includes(SECRET));
});

testChannels(
  "a connection of items, or of a look-up, that cannot be opened is published",
  async () => {
    using listener = new Listener().trace(CHANNELS.connect).listen(CHANNELS.connectionClosed);
    await using client = new Client("127.0.0.1:1");
    await assertRejects(() => Array.fromAsync(client.items()));
    await assertRejects(() => client.watch(["mutations"]).ready);
    await using looking = new Client([], { discovery: elastiCache("127.0.0.1:1") });
    await assertRejects(() => looking.get("key"));
    await looking.close();
    const [items, watch, lookUp] = listener.traces;
    for (const trace of [items, watch, lookUp]) {
      assertEquals(trace?.events, FAILURE);
      assertEquals(trace?.context.serverPort, 1);
      assert(trace?.context.error instanceof Error);
    }
    assertEquals(listener.messages, []);
  },
);

testChannels("discovery tells which servers are new, and which have left", async () => {
  let list = ["127.0.0.1:2", "127.0.0.1:3"];
  using listener = new Listener().listen(CHANNELS.discovery);
  const discovery = {
    name: "test",
    lookUp: () => Promise.resolve({ servers: list, version: list.length }),
  };
  await using client = new Client("127.0.0.1:1", { discovery });
  await assertRejects(() => client.get("key"));
  list = [];
  assertEquals(
    listener.messages.map(({ added, removed }) => [added, removed]).at(0),
    [["127.0.0.1:2", "127.0.0.1:3"], ["127.0.0.1:1"]],
  );
});

testChannels("a lease tells how getOrSet came by its value", async () => {
  await withClient(async (client, server) => {
    await using other = new Client(server.address);
    using listener = new Listener().listen(CHANNELS.lease);
    await client.getOrSet("key", () => "value");
    await client.getOrSet("key", () => "value");
    await client.invalidate("key");
    let serve = (_: string) => {};
    const slow = client.getOrSet("key", () => new Promise<string>((resolve) => serve = resolve));
    await until(() => listener.messages.length >= 3);
    await other.getOrSet("key", () => "value");
    serve("new");
    await slow;
    const late = client.getOrSet("late", () => new Promise<string>((resolve) => serve = resolve));
    await until(() => listener.messages.length >= 5);
    await other.getOrSet("late", () => "value", { waitFor: 0 });
    const waiting = other.getOrSet("late", () => "value", { waitFor: 60 });
    await until(() => listener.messages.length >= 7);
    serve("value");
    await Promise.all([late, waiting]);
    const seen = listener.messages.map(({ outcome }) => outcome);
    assertEquals(seen, ["won", "hit", "won", "stale", "won", "timed out", "lost", "waited"]);
  });
});

testChannels("a connection that ends as soon as it is there was opened and closed", async () => {
  await using server = await MemcachedServer.listen();
  const client = new Client(server.address);
  using listener = new Listener().listen(CHANNELS.connectionClosed);
  using _ = new Listener().trace(CHANNELS.connect, {
    asyncEnd: () => void client.close(),
  });
  await assertRejects(() => client.get("key"), Error, "the client is closed");
  await client.close();
  const [{ reason, isFailure, serverPort } = {}, ...others] = listener.messages;
  assertEquals([isFailure, serverPort, others], [false, server.port, []]);
  assert(reason instanceof Error && reason.message.includes("the client is closed"));
});

testChannels("what a listener throws is no error of the client's", async () => {
  const fault = new Error("a listener's fault");
  const throwing = () => {
    throw fault;
  };
  const traced = [CHANNELS.command, CHANNELS.batch, CHANNELS.connect];
  const events = ["start", "end", "asyncStart", "asyncEnd", "error"];
  const { lease, server: state, failover, discovery, connectionClosed } = CHANNELS;
  const names = [
    ...traced.flatMap((name) => events.map((event) => `tracing:${name}:${event}`)),
    ...[lease, state, failover, discovery, connectionClosed],
  ];
  await using server = await MemcachedServer.listen();
  const lookUp = () => Promise.resolve({ servers: [server.address] });
  for (const name of names) {
    using uncaught = noteUncaught();
    using _ = new Listener().subscribe(name, throwing);
    const client = new Client([], { discovery: { name: "test", lookUp } });
    await client.set("key", 1);
    assertEquals(await client.getMany(["key", "none"]), new Map([["key", 1]]), name);
    assertEquals(await client.getOrSet(name, () => 2), 2);
    await client.close();
    const lost = new Client("127.0.0.1:1", { failover: "miss", failuresBeforeDead: 1 });
    assertEquals(await lost.get("key"), undefined, name);
    await assertRejects(() => lost.incr("key", 1, { initial: 1n }), Error, "127.0.0.1:1");
    await lost.close();
    await uncaught.settle();
    assertEquals(uncaught.errors.filter((error) => error !== fault), []);
    // A batch fails only where a connection is lost while it is under way.
    assertEquals([name, uncaught.errors.length > 0], [
      name,
      name !== "tracing:moecache:batch:error",
    ]);
  }
});

testWithoutChannels(
  "without process.getBuiltinModule nothing is published, and the client works",
  async () => {
    await withClient(async (client) => {
      using listener = new Listener().trace(CHANNELS.command).trace(CHANNELS.batch);
      await client.set("key", SECRET);
      assertEquals(await client.get("key"), SECRET);
      assertEquals(listener.traces, []);
      assertEquals(client.metrics().hits, 1);
    });
  },
);

/** A method on Cloudflare Workers before the compatibility date 2026-05-19. */
function hasSubscribers(channel: { readonly hasSubscribers: unknown }): boolean {
  const on = channel.hasSubscribers;
  return typeof on === "function" ? on.call(channel) : on === true;
}
