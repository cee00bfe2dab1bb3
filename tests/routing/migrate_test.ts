import { assert, assertEquals, assertRejects } from "@std/assert";
import { Client, ClientException, type ClientOptions, type Dial, SocketError } from "../../mod.ts";
import { submitMoving } from "../../src/fleet/migration.ts";
import { Counters } from "../../src/observation.ts";
import type { Command } from "../../src/protocol/command.ts";
import { MetaCommand } from "../../src/protocol/commands/meta.ts";
import { RetrievalCommand } from "../../src/protocol/commands/retrieval.ts";
import type { StorageCommand } from "../../src/protocol/commands/storage.ts";
import { lock } from "../../src/patterns/mod.ts";
import { ketama, migrate, modula } from "../../src/routing/mod.ts";
import { type FaultHook, MemcachedServer } from "../../src/testing/mod.ts";
import { dial as dialHere } from "../../src/transport/dial.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { SERVERS as KINDS, type TestServer } from "../support/every_server.ts";
import { assertTtl } from "../support/ttl.ts";

const NAMES = ["a:1", "b:1", "c:1"];
const SERVERS = NAMES.map((name) => ({ name, weight: 1 }));

/** A client of the former distribution, one of the next, and one that migrates. */
interface Fleet {
  readonly before: Client;
  readonly after: Client;
  readonly client: Client;
  /** A key that moves from the first server to the second. */
  readonly key: string;
}

async function withFleet(
  listen: () => Promise<TestServer>,
  body: (fleet: Fleet) => Promise<void>,
  options: ClientOptions = {},
): Promise<void> {
  await using old = await listen();
  await using next = await listen();
  const from = { servers: [old.address], locator: ketama };
  const to = { servers: [next.address], locator: ketama };
  await using before = new Client(old.address, options);
  await using after = new Client(next.address, options);
  const locator = migrate(from, to);
  await using client = new Client([old.address, next.address], { ...options, locator });
  await body({ before, after, client, key: "key" });
}

/** Sockets that hold back a request, and what is written after it, for as long as a test likes. */
class Holding {
  readonly #request: string;
  #begun = () => {};
  #end: Promise<void> | undefined;
  end = (): void => {};

  /** @param request What the request begins with. */
  constructor(request: string) {
    this.#request = request;
  }

  readonly dial: Dial = async (endpoint, options) => {
    const transport = await dialHere(endpoint, options);
    return {
      readable: transport.readable,
      writable: transport.writable,
      close: () => transport.close(),
      read: (into) => transport.read!(into),
      write: async (bytes) => {
        if (new TextDecoder().decode(bytes).startsWith(this.#request)) {
          this.#begun();
          await this.#end;
        }
        return await transport.write!(bytes);
      },
    };
  };

  /** Holds what comes from now on; resolves when it has come. */
  begin(): Promise<void> {
    this.#end = new Promise((resolve) => this.end = resolve);
    return new Promise((resolve) => this.#begun = resolve);
  }
}

/** Two clients that migrate, before servers with these faults. */
async function twoClients(
  dialect: "meta" | "classic",
  fault?: FaultHook,
  formerFault?: FaultHook,
  dial?: Dial,
): Promise<AsyncDisposable & Record<"before" | "after" | "client" | "other", Client>> {
  const stack = new AsyncDisposableStack();
  const old = stack.use(await MemcachedServer.listen(formerFault && { fault: formerFault }));
  const next = stack.use(await MemcachedServer.listen(fault && { fault }));
  const from = { servers: [old.address], locator: ketama };
  const to = { servers: [next.address], locator: ketama };
  const migrating = (more: ClientOptions = {}) => {
    const options = { dialect, locator: migrate(from, to), ...more };
    return stack.use(new Client([old.address, next.address], options));
  };
  return {
    before: stack.use(new Client(old.address)),
    after: stack.use(new Client(next.address)),
    client: migrating(dial && { dial }),
    other: migrating(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const CASES: Record<string, (fleet: Fleet) => Promise<void>> = {
  "get brings an item over, with the time it has left": async ({ before, after, client, key }) => {
    await before.set(key, { a: 1 }, 100);
    assertEquals(await client.get(key), { a: 1 });
    assertEquals(await after.get(key), { a: 1 });
    await assertTtl(after, key, 100);
  },
  "get brings over what never expires": async ({ before, after, client, key }) => {
    await before.set(key, "value");
    assertEquals(await client.get(key), "value");
    await assertTtl(after, key, -1);
  },
  "get prefers what the new server has": async ({ before, after, client, key }) => {
    await before.set(key, "old");
    await after.set(key, "new");
    assertEquals(await client.get(key), "new");
    assertEquals(await before.get(key), "old");
  },
  "get misses what neither has": async ({ client, key }) => {
    assertEquals(await client.get(key), undefined);
  },
  "all callers that ask at once for what is only at the former place find it": async (fleet) => {
    const { before, client } = fleet;
    const reads: Record<string, (key: string) => Promise<unknown>> = {
      get: (key) => client.get(key),
      gets: async (key) => (await client.gets(key))?.value,
      getAndTouch: (key) => client.getAndTouch(key, 100),
      inspect: async (key) => (await client.inspect(key)) && 1,
      meta: async (key) => (await client.meta("mg", key, ["s"])).status === "HD" ? 1 : undefined,
      debug: async (key) => (await client.meta("me", key)).status === "ME" ? 1 : undefined,
      getMany: async (key) => (await client.getMany([key])).get(key),
    };
    for (const [name, read] of Object.entries(reads)) {
      const keys = Array.from({ length: 100 }, (_, i) => `${name}:${i}`);
      await before.setMany(Object.fromEntries(keys.map((key) => [key, 1])));
      const found = keys.flatMap((key) => Array.from({ length: 4 }, () => read(key)));
      const misses = (await Promise.all(found)).filter((value) => value !== 1);
      assertEquals(misses.length, 0, `${name} missed`);
    }
  },
  "getMany brings over what is missing": async ({ before, after, client }) => {
    await before.setMany({ a: 1, b: 2 });
    await after.set("c", 3);
    const found = await client.getMany(["a", "b", "c", "d"]);
    assertEquals(new Map([...found].sort()), new Map([["a", 1], ["b", 2], ["c", 3]]));
  },
  "gets gives the cas unique of the new server": async ({ before, after, client, key }) => {
    await before.set(key, "old");
    const item = await client.gets(key);
    assertEquals(await client.cas(key, "new", item!.cas), "stored");
    assertEquals([await before.get(key), await after.get(key)], ["new", "new"]);
    assertEquals(await client.cas(key, "newer", item!.cas), "exists");
    assertEquals([await before.get(key), await after.get(key)], ["new", "new"]);
  },
  "set and delete go to both": async ({ before, after, client, key }) => {
    await client.set(key, "value", 100);
    assertEquals([await before.get(key), await after.get(key)], ["value", "value"]);
    assertEquals(await client.delete(key), true);
    assertEquals([await before.get(key), await after.get(key)], [undefined, undefined]);
  },
  "delete of what was only on the former server leaves it nowhere": async (fleet) => {
    await fleet.before.set(fleet.key, "value");
    assertEquals(await fleet.client.delete(fleet.key), true);
    assertEquals(await fleet.client.get(fleet.key), undefined);
    assertEquals(await fleet.client.delete(fleet.key), false);
  },
  "add heeds what is only on the former server": async ({ before, client, key }) => {
    await before.set(key, "old");
    assertEquals(await client.add(key, "new"), false);
    assertEquals(await client.get(key), "old");
    await client.delete(key);
    assertEquals(await client.add(key, "new"), true);
    assertEquals(await before.get(key), "new");
  },
  "append, incr and touch act on what they brought over": async ({ before, after, client }) => {
    await before.set("text", "a");
    await before.set("count", "5");
    assertEquals(await client.append("text", "b"), true);
    assertEquals(await client.incr("count", 2n), 7n);
    assertEquals(await client.touch("text", 50), true);
    for (const each of [before, after]) {
      assertEquals(await each.get("text"), "ab");
      assertEquals(await each.get("count"), "7");
      await assertTtl(each, "text", 50);
    }
  },
  "replace, incr and touch of what neither has change nothing": async ({ client, key }) => {
    assertEquals(await client.replace(key, 1), false);
    assertEquals(await client.incr(key), undefined);
    assertEquals(await client.touch(key, 10), false);
    assertEquals(await client.get(key), undefined);
  },
  "getAndTouch touches both": async ({ before, after, client, key }) => {
    await before.set(key, "value");
    assertEquals(await client.getAndTouch(key, 50), "value");
    for (const each of [before, after]) await assertTtl(each, key, 50);
  },
  "getOrSet takes the former server's value": async ({ before, client, key }) => {
    await before.set(key, "old", 100);
    assertEquals(await client.getOrSet(key, () => "computed", { exptime: 100 }), "old");
  },
  "getOrSet computes what neither has": async ({ after, client, key }) => {
    assertEquals(await client.getOrSet(key, () => "computed", { exptime: 100 }), "computed");
    assertEquals(await after.get(key), "computed");
  },
  "getOrSet does not join what a change has overtaken": async ({ client, key }) => {
    await client.set(key, "old", 5);
    const changed = client.delete(key);
    const loaded = Promise.withResolvers<string>();
    const begun = client.getOrSet(key, () => loaded.promise, { exptime: 60, staleFor: 10 });
    await changed;
    assertEquals(await client.getOrSet(key, () => "newer", { waitFor: 0 }), "newer");
    loaded.resolve("late");
    await begun;
  },
  "mg with N finds what is only on the former server, and makes what neither has": async (
    fleet,
  ) => {
    const { before, client, key } = fleet;
    const ask = () => client.meta("mg", key, ["v", "N30", "s"]);
    await before.set(key, "value");
    assertEquals((await ask()).flags, { s: "5" });
    assertEquals(await client.get(key), "value");
    await client.delete(key);
    assertEquals((await ask()).flags, { s: "0", W: "" });
    assertEquals((await ask()).flags, { s: "0", Z: "" });
  },
  "md tells of an item on either server, and leaves it on neither": async (fleet) => {
    const { before, after, client, key } = fleet;
    for (const holders of [[before], [after], [before, after]]) {
      for (const holder of holders) await holder.set(key, "value");
      assertEquals((await client.meta("md", key)).status, "HD");
      assertEquals(await client.get(key), undefined);
    }
    assertEquals((await client.meta("md", key)).status, "NF");
  },
  "md with a cas unique takes only that item": async ({ before, client, key }) => {
    await before.set(key, "value");
    const { cas } = (await client.gets(key))!;
    assertEquals((await client.meta("md", key, [`C${cas + 1n}`])).status, "EX");
    assertEquals(await client.get(key), "value");
    assertEquals((await client.meta("md", key, [`C${cas}`])).status, "HD");
    assertEquals(await client.get(key), undefined);
  },
  "invalidate marks what is only on the former server": async ({ before, client, key }) => {
    await before.set(key, "value", 100);
    assertEquals(await client.invalidate(key, { staleFor: 10 }), true);
    assertEquals((await client.meta("mg", key, ["v"])).flags.X, "");
    assertEquals(await before.get(key), undefined);
  },
  "invalidate leaves no former copy behind": async ({ before, client, key }) => {
    await client.set(key, "value", 100);
    await client.invalidate(key, { staleFor: 10 });
    assertEquals(await before.get(key), undefined);
  },
};

/** Where no server tells how long an item has to live. */
const CLASSIC_CASES: typeof CASES = {
  "get brings an item over for a minute, again and again": async (fleet) => {
    const { before, after, client } = fleet;
    for (const [key, exptime] of [["short", 100], ["endless", 0], ["old", 5_000_000]] as const) {
      await before.set(key, "value", exptime);
      assertEquals(await client.get(key), "value");
      await assertTtl(after, key, 60);
      await after.delete(key);
      assertEquals(await client.get(key), "value");
    }
  },
  "get brings nothing over that was marked as stale": async ({ before, client, key }) => {
    await before.set(key, "value");
    await before.invalidate(key);
    assertEquals(await client.get(key), undefined);
    await before.set(key, "newer");
    assertEquals(await client.get(key), "newer");
  },
};
/** What only a server with meta commands tells. */
const META_CASES = [
  "get brings an item over, with the time it has left",
  "get brings over what never expires",
  "invalidate marks what is only on the former server",
];

for (const [kind, listen] of Object.entries(KINDS)) {
  for (const [name, body] of Object.entries(CASES)) {
    Deno.test(`migrate: ${name} (${kind})`, () => withFleet(listen, body));
  }
  for (const [name, body] of Object.entries({ ...CASES, ...CLASSIC_CASES })) {
    if (META_CASES.includes(name)) continue;
    const run = () => withFleet(listen, body, { dialect: "classic" });
    Deno.test(`migrate: ${name} (${kind}, by classic commands)`, run);
  }
}

for (const imitate of ["1.5.16", "1.6.0", "1.6.6", "1.6.9"] as const) {
  Deno.test(`migrate reads items of memcached ${imitate} by classic commands`, async () => {
    const requests: string[] = [];
    const listen = () =>
      MemcachedServer.listen({ imitate, fault: ({ command }) => void requests.push(command) });
    await withFleet(listen, async ({ before, after, client }) => {
      await before.setMany({ a: 1, b: 2, stale: 3 });
      await before.invalidate("stale");
      requests.length = 0;
      assertEquals([await client.get("a"), await client.get("b")], [1, 2]);
      assertEquals([await after.get("a"), await after.get("b")], [1, 2]);
      assertEquals(await client.get("stale"), undefined);
      assertEquals(requests.filter((command) => /^(mg|version)$/.test(command)), ["version"]);
    });
  });
}

Deno.test("migrate asks again if the item moved while the former server was asked", async () => {
  const asked: string[] = [];
  const places = {
    next: (command: Command) => {
      asked.push("next");
      command.succeed(asked.length === 1 ? undefined : "value");
    },
    former: (command: Command) => {
      asked.push("former");
      // Another client has brought the item over, changed it there, and dropped it here.
      command.succeed({ status: "EN", flags: {} });
    },
    options: { dialect: undefined, keys: undefined, counters: new Counters("test") },
  };
  const command = new RetrievalCommand("get", "key", () => undefined);
  const value = new Promise((resolve, reject) => command.settleBy(resolve, reject));
  submitMoving("key", command, places);
  assertEquals(await value, "value");
  assertEquals(asked, ["next", "former", "next"]);
});

Deno.test("migrate keeps what it brought over if another client has stored the same value meanwhile", async () => {
  const asked: string[] = [];
  const verbOf = (command: Command) => {
    return command instanceof MetaCommand
      ? command.request.verb
      : (command as RetrievalCommand | StorageCommand<unknown>).verb;
  };
  let isCopied = false;
  const places = {
    next: (command: Command) => {
      asked.push(`next ${verbOf(command)}`);
      if (command instanceof RetrievalCommand) {
        return command.succeed(isCopied ? "value" : undefined);
      }
      isCopied = true;
      command.succeed(true);
    },
    former: (command: Command) => {
      asked.push(`former ${verbOf(command)}`);
      // The other client's item has the same bytes, and another cas unique.
      const flags = { f: "0", t: "-1", c: isCopied ? "2" : "1" };
      command.succeed({ status: isCopied ? "HD" : "VA", flags, value: new Uint8Array(1) });
    },
    options: { dialect: undefined, keys: undefined, counters: new Counters("test") },
  };
  const command = new RetrievalCommand("get", "key", () => undefined);
  const value = new Promise((resolve, reject) => command.settleBy(resolve, reject));
  submitMoving("key", command, places);
  assertEquals(await value, "value");
  assertEquals(asked, ["next get", "former mg", "next add", "former mg", "next get"]);
});

for (const dialect of ["meta", "classic"] as const) {
  Deno.test(`migrate brings nothing over that is deleted meanwhile, by ${dialect} commands`, async () => {
    const { promise: adding, resolve } = deferred<void>();
    // The copy arrives after another client has looked for one.
    await using fleet = await twoClients(dialect, ({ command }) => {
      if (command !== "add") return undefined;
      resolve();
      return { delay: 100 };
    });
    const { before, client, other } = fleet;
    await before.set("key", "value");
    const value = client.get("key");
    await adding;
    assertEquals(await other.delete("key"), true);
    await value;
    assertEquals(await client.get("key"), undefined);
  });

  Deno.test(`migrate brings nothing over that touch lets expire, by ${dialect} commands`, async () => {
    const { promise: touching, resolve } = deferred<void>();
    // The former server does it late.
    await using fleet = await twoClients(dialect, undefined, ({ command }) => {
      if (command !== "touch") return undefined;
      resolve();
      return { delay: 100 };
    });
    const { client, other } = fleet;
    await client.set("key", "value");
    const touched = client.touch("key", new Date(0));
    await touching;
    await other.get("key");
    assertEquals(await touched, true);
    assertEquals(await other.get("key"), undefined);
  });

  Deno.test(`migrate brings no lock over that is released meanwhile, by ${dialect} commands`, async () => {
    const holding = new Holding("set key ");
    await using fleet = await twoClients(dialect, undefined, undefined, holding.dial);
    const { client, other } = fleet;
    const held = await lock(client, "key", { ttl: 60 });
    // The former server hears of it late.
    const begun = holding.begin();
    const released = held.release();
    await begun;
    await assertRejects(() => lock(other, "key", { ttl: 60, waitFor: 0 }), ClientException, "held");
    holding.end();
    await released;
    await (await lock(other, "key", { ttl: 60, waitFor: 0 })).release();
  });
}

Deno.test("migrate does not copy to the former server what was not stored", async () => {
  const stored: string[] = [];
  const note: FaultHook = ({ command }) => void (command === "set" && stored.push(command));
  await using fleet = await twoClients("classic", undefined, note);
  // Both claim the key at once, and one is slower.
  const computed = [fleet.client, fleet.other].map((each) => each.getOrSet("key", () => "value"));
  assertEquals(await Promise.all(computed), ["value", "value"]);
  // The stub and the value, of the faster one.
  assertEquals(stored.length, 2);
});

for (const dialect of ["meta", "classic"] as const) {
  Deno.test(`migrate brings no lease back after a deletion, by ${dialect} commands`, async () => {
    await using fleet = await twoClients(dialect);
    const { before, after, client } = fleet;
    // The deletion reaches the former server before the lease does, and the new one after that.
    const load = async () => {
      assertEquals(await after.delete("key"), true);
      return "value";
    };
    assertEquals(await client.getOrSet("key", load), "value");
    for (const each of [before, after]) {
      assertEquals((await each.meta("mg", "key")).status, "EN");
    }
  });
}

Deno.test("migrate does nothing for keys that stay on their server", async () => {
  await using old = await MemcachedServer.listen();
  await using next = await MemcachedServer.listen();
  const servers = [old.address, next.address];
  await using client = new Client(servers, { locator: migrate(ketama, ketama) });
  await client.set("key", "value");
  await client.get("missing");
  const [a, b] = await client.stats();
  assertEquals(Number(a!.cmd_set) + Number(b!.cmd_set), 1);
  assertEquals(Number(a!.cmd_get) + Number(b!.cmd_get), 1);
});

Deno.test("migrate fails, and reports no miss, when the former server cannot be reached", async () => {
  await using next = await MemcachedServer.listen();
  const from = { servers: ["127.0.0.1:1"] };
  const to = { servers: [next.address] };
  await using client = new Client(["127.0.0.1:1", next.address], { locator: migrate(from, to) });
  await assertRejects(() => client.get("key"), SocketError);
  await assertRejects(() => client.set("key", "value"), SocketError);
  assertEquals(await client.get("key"), "value"); // it is where it belongs
});

Deno.test("migrate rejects with the reason of a signal", async () => {
  await using client = new Client(["127.0.0.1:1", "127.0.0.1:2"], {
    locator: migrate({ servers: ["127.0.0.1:1"] }, { servers: ["127.0.0.1:2"] }),
  });
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  assertEquals(await client.get("key", { signal }).catch((error) => error), reason);
});

Deno.test("migrate locates by the new distribution and knows the former", () => {
  const locator = migrate(modula, ketama)(SERVERS);
  const [former, next] = [modula(SERVERS), ketama(SERVERS)];
  for (let i = 0; i < 1000; i++) {
    assertEquals(locator.locate(`key${i}`), next.locate(`key${i}`));
    assertEquals(locator.locateFormer?.(`key${i}`), former.locate(`key${i}`));
  }
});

Deno.test("migrate gives indexes of the client's list for a part of the servers", () => {
  const locator = migrate({ servers: ["b:1"] }, { servers: ["c:1", "a:1"], locator: modula })(
    SERVERS,
  );
  const keys = Array.from({ length: 100 }, (_, i) => `key${i}`);
  assertEquals(new Set(keys.map((key) => locator.locate(key))), new Set([2, 0]));
  assertEquals(new Set(keys.map((key) => locator.locateFormer?.(key))), new Set([1]));
});

Deno.test("migrate moves nothing when none of the former servers is left", () => {
  const locator = migrate({ servers: ["x:1"] }, ketama)(SERVERS);
  assertEquals(locator.locateFormer, undefined);
  assertEquals(locator.locate("key"), ketama(SERVERS).locate("key"));
});

Deno.test("migrate spreads keys over servers that replace the ones it names", () => {
  const locator = migrate({ servers: ["x:1"] }, { servers: ["y:1"], locator: ketama })(SERVERS);
  assertEquals(locator.locate("key"), ketama(SERVERS).locate("key"));
});

Deno.test("migrate leaves no socket behind when the former server leaves the list", async () => {
  await using old = await MemcachedServer.listen();
  await using next = await MemcachedServer.listen();
  const locator = migrate({ servers: [old.address] }, { servers: [next.address] });
  const client = new Client([old.address, next.address], { locator });
  await client.set("other", "value");
  const reading = client.get("key"); // misses on the new server, and asks the former one then
  await client.setServers([next.address]);
  assertEquals(await reading, undefined);
  await client.close(); // the sanitizer finds what is left open
});

Deno.test("migrate explains where a key is and where it was", () => {
  const { why } = migrate({ servers: ["b:1"] }, { servers: ["c:1"] })(SERVERS).explain!("key");
  assert(why.endsWith("before the migration it was b:1"), why);
});
