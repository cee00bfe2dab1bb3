import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  Client,
  ClientException,
  type ClientOptions,
  SocketError,
  TimeoutError,
  ValidationException,
} from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { FAILURE_FLAGS, LEASE_FLAGS } from "../../src/transcoding/item_codec.ts";
import { onEveryServer } from "../support/every_server.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";
import { RESTARTING } from "../support/restarting.ts";
import { CountedSignal } from "../support/counted_signal.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { assertTtl } from "../support/ttl.ts";
import { standstill } from "../support/turns.ts";

/** A loader that waits until the test gives it a value. */
class Loader {
  calls = 0;
  #called = Promise.withResolvers<void>();
  #result = Promise.withResolvers<unknown>();

  readonly load = (): Promise<unknown> => {
    this.calls++;
    this.#called.resolve();
    return this.#result.promise;
  };

  called(): Promise<void> {
    return this.#called.promise;
  }

  give(value: unknown): void {
    this.#result.resolve(value);
  }

  fail(error: unknown): void {
    this.#result.reject(error);
  }
}

/** Whether a line is what a lease holds. */
const isNonce = (line: string): boolean => /^[0-9a-f-]{36}$/.test(line);

const never = (): Promise<unknown> => Promise.reject(new Error("nothing must be loaded"));

/** What the servers are asked in. */
const DIALECTS: Readonly<Record<string, ClientOptions>> = {
  "": {},
  " by classic commands": { dialect: "classic" },
};

onEveryServer("getOrSet", (test) => {
  test("loads once for all callers of a client", async (client) => {
    const loader = new Loader();
    const calls = Array.from({ length: 50 }, () => client.getOrSet("key", loader.load));
    loader.give({ a: 1 });
    const values = await Promise.all(calls);
    assert(values.every((value) => value === values[0]));
    assertEquals(values[0], { a: 1 });
    assertEquals(loader.calls, 1);
    assertEquals(await client.get("key"), { a: 1 });
    assertEquals(await client.getOrSet("key", never), { a: 1 });
  });

  test("stores for exptime and staleFor", async (client) => {
    await client.getOrSet("key", () => "value", { exptime: 60, staleFor: 30 });
    await assertTtl(client, "key", 90);
    await client.getOrSet("long", () => "value", { exptime: 2_592_000, staleFor: 30 });
    await assertTtl(client, "long", 2_592_031);
    await client.getOrSet("forever", () => "value", { staleFor: 30 });
    await assertTtl(client, "forever", -1);
  });

  test("makes another client wait for the value", async (first, second) => {
    const loader = new Loader();
    const won = first.getOrSet("key", loader.load);
    await loader.called();
    const waiting = second.getOrSet("key", never);
    loader.give("value");
    assertEquals(await Promise.all([won, waiting]), ["value", "value"]);
  });

  test("lets other commands on the key act on the lease", async (first, second) => {
    const loader = new Loader();
    const won = first.getOrSet("key", loader.load, { lockFor: 40 });
    await loader.called();
    assertEquals(await second.touch("key", 20), true);
    await assertTtl(second, "key", 20);
    await assertRejects(() => second.incr("key"), ClientException);
    assertEquals(await second.append("key", "bytes"), true);
    loader.give("too late");
    assertEquals(await won, "too late");
    assertEquals(await second.get("key"), undefined);
    assertEquals(await second.replace("key", "replaced"), true);
    assertEquals(await second.get("key"), "replaced");
  });

  test("leaves a lease that no client reads as a value", async (first, second) => {
    const loader = new Loader();
    const won = first.getOrSet("key", loader.load, { lockFor: 40 });
    await loader.called();
    assertEquals(await second.get("key"), undefined);
    assertEquals(await second.gets("key"), undefined);
    assertEquals(await second.getAndTouch("key", 40), undefined);
    assertEquals(await second.getMany(["key"]), new Map());
    assertEquals(await second.add("key", "other"), false);
    const { flags, size } = (await second.inspect("key"))!;
    assertEquals([flags, size], [LEASE_FLAGS, 36]);
    await assertTtl(second, "key", 40);
    loader.give("value");
    await won;
  });

  test("computes without storing when it has waited long enough", async (first, second) => {
    const loader = new Loader();
    const won = first.getOrSet("key", loader.load);
    await loader.called();
    assertEquals(await second.getOrSet("key", () => "own", { waitFor: 0.02 }), "own");
    assertEquals(await second.get("key"), undefined);
    loader.give("value");
    assertEquals(await won, "value");
    assertEquals(await second.get("key"), "value");
  });

  test("does not overwrite a value that was stored in the meantime", async (first, second) => {
    for (const change of ["set", "delete", "invalidate"] as const) {
      const loader = new Loader();
      const won = first.getOrSet(change, loader.load);
      await loader.called();
      if (change === "set") await second.set(change, "newer");
      else await second[change](change);
      loader.give("late");
      assertEquals(await won, "late");
      assertEquals(await second.get(change), change === "set" ? "newer" : undefined);
      const expected = change === "set" ? "newer" : "next";
      assertEquals(await second.getOrSet(change, () => "next"), expected);
    }
  });

  test("does not join what began before a change by the same client", async (client, other) => {
    const changes: Record<string, (key: string) => Promise<unknown>> = {
      set: (key) => client.set(key, "newer"),
      setMany: (key) => client.setMany({ [key]: "newer" }),
      replace: (key) => client.replace(key, "newer"),
      meta: (key) => client.meta("ms", key, ["F274"], "newer"),
      delete: (key) => client.delete(key),
      deleteMany: (key) => client.deleteMany([key]),
      metaDelete: (key) => client.meta("md", key, []),
      invalidate: (key) => client.invalidate(key),
      flushAll: () => client.flushAll(),
    };
    for (const [key, change] of Object.entries(changes)) {
      const loader = new Loader();
      const begun = client.getOrSet(key, loader.load);
      await loader.called();
      await change(key);
      const isNewer = ["set", "setMany", "replace", "meta"].includes(key);
      const next = isNewer ? "newer" : "next";
      assertEquals(await client.getOrSet(key, () => "next"), next, key);
      loader.give("late");
      assertEquals(await begun, "late");
      assertEquals(await other.get(key), next, key);
    }
  });

  test("joins what began after a change, and keeps joining it when the one before ends", async (client) => {
    const first = new Loader();
    const second = new Loader();
    const old = client.getOrSet("key", first.load);
    await first.called();
    await client.delete("key");
    const begun = client.getOrSet("key", second.load);
    await second.called();
    first.give("old");
    assertEquals(await old, "old");
    const joined = client.getOrSet("key", never);
    second.give("new");
    assertEquals(await Promise.all([begun, joined]), ["new", "new"]);
    assertEquals(await client.get("key"), "new");
  });

  test("waits for another client only while a caller waits", async (first, second) => {
    const loader = new Loader();
    const won = first.getOrSet("key", loader.load);
    await loader.called();
    const options = { waitFor: 2_592_000 };
    const stop = new AbortController();
    const { signal } = stop;
    const waiting = [1, 2].map(() => second.getOrSet("key", never, { ...options, signal }));
    const reasons = Promise.all(waiting.map((value) => value.catch((reason) => reason)));
    await second.get("key");
    stop.abort("enough");
    assertEquals(await reasons, ["enough", "enough"]);
    const again = second.getOrSet("key", never, options);
    loader.give("value");
    assertEquals(await Promise.all([won, again]), ["value", "value"]);
  });

  test("serves the stale value while one refreshes", async (first, second) => {
    await first.set("key", "old", 60);
    assertEquals(await second.invalidate("key", { staleFor: 30 }), true);
    const loader = new Loader();
    const winner = first.getOrSet("key", loader.load);
    const joined = first.getOrSet("key", never);
    await loader.called();
    assertEquals(await joined, "old");
    assertEquals(await first.getOrSet("key", never), "old");
    assertEquals(await second.getOrSet("key", never), "old");
    assertEquals(await second.get("key"), "old");
    loader.give("new");
    assertEquals(await winner, "new");
    assertEquals(await second.getOrSet("key", never), "new");
    assertEquals(await second.get("key~moecache-lease"), undefined);
    await assertTtl(second, "key", -1);
  });

  test("refreshes once for all clients that see the stale value", async (first, second) => {
    await first.set("key", 0, 60);
    let loads = 0;
    for (let round = 1; round <= 20; round++) {
      await second.invalidate("key");
      const load = () => Promise.resolve(++loads);
      await Promise.all([first.getOrSet("key", load), second.getOrSet("key", load)]);
      assertEquals(loads, round);
    }
  });

  test("does not keep a refreshed value that was invalidated again", async (first, second) => {
    await first.set("key", "old", 60);
    await first.invalidate("key");
    const loader = new Loader();
    const winner = first.getOrSet("key", loader.load);
    await loader.called();
    await second.invalidate("key");
    loader.give("late");
    assertEquals(await winner, "late");
    assertEquals(await second.getOrSet("key", () => "new"), "new");
  });

  test("refreshes with keys of any length", async (client) => {
    const key = "k".repeat(250);
    await client.set(key, "old");
    await client.invalidate(key);
    assertEquals(await client.getOrSet(key, () => "new"), "new");
    assertEquals(await client.getOrSet(key, never), "new");
  });

  test(
    "gives a loader's error to all callers that wait, and does not keep it",
    async (first, second) => {
      const loader = new Loader();
      const calls = [first.getOrSet("key", loader.load), first.getOrSet("key", loader.load)];
      await loader.called();
      const waiting = second.getOrSet("key", () => "value");
      const error = new Error("no luck");
      loader.fail(error);
      for (const call of calls) assertStrictEquals(await call.catch((error) => error), error);
      assertEquals(loader.calls, 1);
      assertEquals(await waiting, "value");
    },
  );

  test("keeps a loader's error for negativeFor", async (first, second) => {
    const fail = () => Promise.reject(new Error("no lück"));
    await assertRejects(() => first.getOrSet("key", fail, { negativeFor: 60 }), Error, "no lück");
    const error = await assertRejects(() => second.getOrSet("key", never), ClientException);
    assertEquals(
      error.message,
      `Cannot get or set key "key": an earlier attempt to load it failed: no lück`,
    );
    assertEquals(await second.get("key"), undefined);
    assertEquals((await second.inspect("key"))?.flags, FAILURE_FLAGS);
    await assertTtl(second, "key", 60);
    await second.invalidate("key");
    assertEquals(await second.getOrSet("key", () => "value"), "value");
  });

  test("keeps the stale value when its refresh fails", async (first, second) => {
    await first.set("key", "old", 60);
    await first.invalidate("key");
    const fail = () => Promise.reject(new Error("no luck"));
    await assertRejects(() => first.getOrSet("key", fail), Error, "no luck");
    await assertRejects(() => first.getOrSet("key", fail, { negativeFor: 60 }), Error, "no luck");
    assertEquals(await second.getOrSet("key", never), "old");
  });

  test("does not store undefined", async (client) => {
    assertEquals(await client.getOrSet("key", () => undefined), undefined);
    assertEquals(await client.inspect("key"), undefined);
  });

  test("gives the lease back when the value cannot be stored", async (client) => {
    await assertRejects(() => client.getOrSet("key", () => () => {}), ValidationException);
    assertEquals(await client.inspect("key"), undefined);
    const large = () => "x".repeat(1_100_000);
    await assertRejects(() => client.getOrSet("key", large), ClientException, "too large");
    assertEquals(await client.inspect("key"), undefined);
  });

  test("ends one caller's waiting when its signal is aborted", async (client) => {
    const loader = new Loader();
    const controller = new AbortController();
    const { signal } = controller;
    const aborted = client.getOrSet("key", loader.load, { signal });
    const other = client.getOrSet("key", loader.load);
    await loader.called();
    controller.abort("enough");
    assertEquals(await aborted.catch((reason) => reason), "enough");
    loader.give("value");
    assertEquals(await other, "value");
    assertEquals(await client.get("key"), "value");
    const late = client.getOrSet("key", never, { signal });
    assertEquals(await late.catch((reason) => reason), "enough");
  });

  test("adds one listener to a signal, however many wait", async (client, other) => {
    const { signal, listeners } = new CountedSignal();
    const names = client.namespace("n:");
    const loader = new Loader();
    const won = other.getOrSet("key", loader.load);
    await loader.called();
    const calls = Array.from({ length: 200 }, (_, i) => [
      client.getOrSet("key", never, { signal }),
      client.getOrSet(`${i}`, () => "value", { signal }),
      names.getOrSet(`${i}`, () => "value", { signal }),
    ]).flat();
    loader.give("value");
    assertEquals(new Set(await Promise.all(calls)), new Set(["value"]));
    assertEquals([await won, listeners()], ["value", { present: 0, most: 1 }]);
  });

  test("refuses invalid options", async (client) => {
    const invalid: Record<string, unknown>[] = [
      { exptime: -1 },
      { staleFor: -1 },
      { staleFor: 1.5 },
      { earlyRefresh: "1" },
      { lockFor: 0 },
      { lockFor: 2_592_001 },
      { waitFor: -1 },
      { waitFor: NaN },
      { negativeFor: null },
    ];
    for (const options of invalid) {
      await assertRejects(() => client.getOrSet("key", never, options), ValidationException);
    }
    await assertRejects(() => client.getOrSet("a b", never), ValidationException, "get or set");
    await assertRejects(() => client.invalidate("key", { staleFor: 0 }), ValidationException);
  });

  test("invalidate says whether there was something, and how long it stays", async (client) => {
    assertEquals(await client.invalidate("key"), false);
    await client.set("key", "value", 60);
    assertEquals(await client.invalidate("key"), true);
    await assertTtl(client, "key", 60);
    assertEquals(await client.invalidate("key", { staleFor: 20 }), true);
    await assertTtl(client, "key", 20);
  });
}, DIALECTS);

/** These need a server that tells how long an item has to live. */
onEveryServer("getOrSet by meta commands", (test) => {
  test("treats a plain value with at most staleFor left as stale", async (first, second) => {
    await second.set("key", "plain", 30);
    assertEquals(await first.getOrSet("key", () => "new", { staleFor: 60 }), "new");
  });

  test("replaces a lease that was touched so that it never expires", async (first, second) => {
    const loader = new Loader();
    const won = first.getOrSet("key", loader.load);
    await loader.called();
    await second.touch("key", 0);
    assertEquals(await second.getOrSet("key", () => "next"), "next");
    loader.give("late");
    assertEquals(await won, "late");
    assertEquals(await second.get("key"), "next");
  });
});

/** A server whose clock is set by hand, and two clients of it. */
async function timedTest(
  options: ClientOptions,
  body: (clients: [Client, Client], pass: (seconds: number) => void) => Promise<void>,
): Promise<void> {
  let time = 1_700_000_000_000;
  await using server = await MemcachedServer.listen({ now: () => time });
  await using first = new Client(server.address, options);
  await using second = new Client(server.address, options);
  await body([first, second], (seconds) => time += seconds * 1000);
}

for (const [addition, dialect] of Object.entries(DIALECTS)) {
  describe(`getOrSet as time passes${addition}`, () => {
    it("recomputes when a value has expired", () =>
      timedTest(dialect, async ([client], pass) => {
        await client.getOrSet("key", () => "old", { exptime: 60 });
        pass(59);
        assertEquals(await client.getOrSet("key", never), "old");
        pass(1);
        assertEquals(await client.getOrSet("key", () => "new"), "new");
      }));

    it("serves an expired value for staleFor while one refreshes", () =>
      timedTest(dialect, async ([first, second], pass) => {
        const options = { exptime: 60, staleFor: 30 };
        await first.getOrSet("key", () => "old", options);
        pass(59);
        assertEquals(await second.getOrSet("key", never, options), "old");
        pass(1);
        const loader = new Loader();
        const winner = first.getOrSet("key", loader.load, options);
        await loader.called();
        assertEquals(await second.getOrSet("key", never, options), "old");
        loader.give("new");
        assertEquals(await winner, "new");
        await assertTtl(second, "key", 90);
      }));

    it("refreshes a value before it expires", () =>
      timedTest(dialect, async ([first, second], pass) => {
        const options = { exptime: 60, earlyRefresh: 10 };
        await first.getOrSet("key", () => "old", options);
        pass(49);
        assertEquals(await first.getOrSet("key", never, options), "old");
        pass(1);
        const loader = new Loader();
        const winner = first.getOrSet("key", loader.load, options);
        await loader.called();
        assertEquals(await second.getOrSet("key", never, options), "old");
        loader.give("new");
        assertEquals(await winner, "new");
      }));

    it("frees the others after lockFor when the caller that computes dies", () =>
      timedTest(dialect, async ([first, second], pass) => {
        const dead = new Loader();
        const winner = first.getOrSet("key", dead.load, { lockFor: 10 });
        await dead.called();
        pass(9);
        const unstored = await second.getOrSet("key", () => "own", { waitFor: 0.01 });
        assertEquals([unstored, await second.get("key")], ["own", undefined]);
        pass(1);
        assertEquals(await second.getOrSet("key", () => "value"), "value");
        dead.give("late");
        assertEquals(await winner, "late");
        assertEquals(await second.get("key"), "value");
      }));

    it("frees the others after lockFor when the caller that refreshes dies", () =>
      timedTest(dialect, async ([first, second], pass) => {
        await first.set("key", "old", 60);
        await first.invalidate("key");
        const dead = new Loader();
        const winner = first.getOrSet("key", dead.load, { lockFor: 10 });
        await dead.called();
        pass(9);
        assertEquals(await second.getOrSet("key", never), "old");
        pass(1);
        assertEquals(await second.getOrSet("key", () => "value"), "value");
        dead.give("late");
        assertEquals(await winner, "late");
        assertEquals(await second.get("key"), "value");
      }));

    it("tries again after negativeFor", () =>
      timedTest(dialect, async ([client], pass) => {
        const fail = () => Promise.reject(new Error("no luck"));
        await assertRejects(() => client.getOrSet("key", fail, { negativeFor: 5 }), Error);
        pass(4);
        await assertRejects(() => client.getOrSet("key", never), ClientException, "no luck");
        pass(1);
        assertEquals(await client.getOrSet("key", () => "value"), "value");
      }));
  });
}

for (const [kind, start] of Object.entries(RESTARTING)) {
  it(`getOrSet over several connections to ${kind} does not join what a change has overtaken`, async () => {
    await using server = await start();
    for (const options of [{ connections: 4 }, { retries: 1 }, { failover: "miss" }] as const) {
      await using client = new Client(server.address, { timeout: 10_000, ...options });
      await Promise.all(Array.from({ length: 8 }, () => client.version()));
      for (let i = 0; i < 20; i++) {
        const key = `${Object.keys(options)}:${i}`;
        const loader = new Loader();
        const begun = client.getOrSet(key, loader.load);
        const stored = client.set(key, "newer");
        const between = client.getOrSet(key, loader.load);
        await stored;
        assertEquals(await client.getOrSet(key, never), "newer");
        loader.give("late");
        for (const value of await Promise.all([begun, between])) {
          assert(value === "late" || value === "newer");
        }
        assertEquals(await client.get(key), "newer");
      }
    }
  });

  for (const [addition, dialect] of Object.entries(DIALECTS)) {
    describe(`getOrSet whose lease is lost on ${kind}${addition}`, () => {
      it("neither stores over nor ends another client's lease with the same cas unique", async () => {
        await using server = await start();
        await using first = new Client(server.address, { timeout: 10_000, ...dialect });
        await using second = new Client(server.address, { timeout: 10_000, ...dialect });
        for (const end of ["value", "undefined", "error"]) {
          await server.restart(first, second);
          const [early, late] = [new Loader(), new Loader()];
          const lost = first.getOrSet("key", early.load);
          await early.called();
          const { cas } = (await second.inspect("key"))!;
          await server.restart(first, second);
          const won = second.getOrSet("key", late.load);
          await late.called();
          assertEquals((await second.inspect("key"))?.cas, cas);
          if (end === "error") early.fail("no luck");
          else early.give(end === "value" ? "lost" : undefined);
          await lost.catch(() => {});
          assertEquals(await first.add("key", "added"), false);
          assertEquals(await first.get("key"), undefined);
          late.give("won");
          assertEquals(await won, "won");
          assertEquals(await first.get("key"), "won");
        }
      });

      it("stores what took longer than lockFor where the stale value is still the same", async () => {
        await using server = await start();
        await using first = new Client(server.address, { timeout: 10_000, ...dialect });
        await using second = new Client(server.address, { timeout: 10_000, ...dialect });
        await first.set("key", "old");
        await first.invalidate("key");
        const load = async () => {
          assertEquals(await second.delete("key~moecache-lease"), true);
          return "new";
        };
        assertEquals(await first.getOrSet("key", load), "new");
        assertEquals(await second.get("key"), "new");
      });

      it("does not replace another value of the cas unique that a stale one had", async () => {
        await using server = await start();
        await using first = new Client(server.address, { timeout: 10_000, ...dialect });
        await using second = new Client(server.address, { timeout: 10_000, ...dialect });
        await first.set("key", "old");
        await first.invalidate("key");
        const { cas } = (await first.inspect("key"))!;
        const loader = new Loader();
        const lost = first.getOrSet("key", loader.load);
        await loader.called();
        await server.restart(first, second);
        do {
          await second.set("key", "new");
        } while ((await second.inspect("key"))!.cas < cas);
        assertEquals((await second.inspect("key"))?.cas, cas);
        loader.give("lost");
        assertEquals(await lost, "lost");
        assertEquals(await second.get("key"), "new");
      });
    });
  }
}

describe("getOrSet where the server misbehaves", () => {
  it("stores what it computes on servers that do not return the cas unique of a lease", async () => {
    for (const imitate of ["1.6.10", "1.6.12", "1.6.13"] as const) {
      await using server = await MemcachedServer.listen({ imitate });
      await using client = new Client(server.address);
      let calls = 0;
      const load = () => ++calls;
      assertEquals(await client.getOrSet("key", load, { exptime: 60 }), 1);
      assertEquals(await client.getOrSet("key", load, { exptime: 60 }), 1);
      await client.invalidate("key");
      assertEquals(await client.getOrSet("key", load, { exptime: 60 }), 2);
      assertEquals(await client.get("key"), 2);
    }
  });

  for (const failover of ["error", "miss"] as const) {
    it(`removes a lease that was not answered in time, where failover is "${failover}"`, async () => {
      let nonce = "";
      const claimed = Promise.withResolvers<void>();
      const removed = Promise.withResolvers<string>();
      await using peer = new ScriptedPeer(answering((line) => {
        if (line.startsWith("mg ")) return "EN\r\n";
        if (line.startsWith("gets ")) return `VALUE key ${LEASE_FLAGS} 36 7\r\n${nonce}\r\nEND\r\n`;
        if (line.startsWith("cas ")) removed.resolve(line);
        // Neither the lease nor what comes after its removal is answered.
        if (isNonce(line)) {
          nonce = line;
          claimed.resolve();
        }
        return undefined;
      }));
      const clock = new FakeClock();
      await using client = new Client(peer.address, { timeout: 300, failover, clock });
      const loading = client.getOrSet("key", () => "value", { lockFor: 600 });
      const loaded = loading.catch((error) => error);
      await claimed.promise;
      await clock.tickSlowly(300);
      // It is replaced by an item that expires at once.
      assertEquals(await removed.promise, `cas key ${LEASE_FLAGS} 1000000000 36 7`);
      await clock.tickSlowly(300);
      if (failover === "miss") assertEquals(await loaded, "value");
      else assertInstanceOf(await loaded, TimeoutError);
    });
  }

  it("computes when a key can be neither read nor added, as behind a proxy", async () => {
    let claims = 0;
    await using peer = new ScriptedPeer(answering((line) => {
      if (line.startsWith("mg ")) return "EN\r\n";
      if (line.startsWith("ms ")) claims++;
      return isNonce(line) ? "NS\r\n" : undefined;
    }));
    const clock = new FakeClock();
    await using client = new Client(peer.address, { clock, stallTimeout: Infinity });
    const loading = client.getOrSet("key", () => "own", { waitFor: 3600 });
    while (claims < 2) await clock.tickSlowly(500);
    const before = claims;
    clock.tick(3_600_000);
    assertEquals(await loading, "own");
    // Each claim but the first waits for the clock.
    assert(claims <= before + 1, `${claims - before} more`);
  });

  it("keeps any error for negativeFor, even one without a text", async () => {
    await using server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    const strange = [
      [Object.create(null), "what was thrown has no text"],
      [Object.assign(new Error(), { message: 42 }), "42"],
      [Object.assign(new Error(), { message: Object.create(null) }), "what was thrown has no text"],
      [new RangeError(), "RangeError"],
      [Symbol("no"), "Symbol(no)"],
      [undefined, "undefined"],
    ];
    for (const [i, [error, message]] of strange.entries()) {
      const fail = () => Promise.reject(error);
      const first = client.getOrSet(`${i}`, fail, { negativeFor: 60 });
      assertStrictEquals(await first.catch((reason) => reason), error);
      await assertRejects(() => client.getOrSet(`${i}`, never), ClientException, message);
    }
  });

  it("gives the lease back when an error cannot be kept", async () => {
    const requests: string[] = [];
    let nonce: string | undefined;
    await using peer = new ScriptedPeer(answering((line) => {
      if (line === "no luck") return "SERVER_ERROR out of memory\r\n";
      if (line === nonce) return "STORED\r\n";
      if (isNonce(line)) {
        nonce = line;
        return "HD c7\r\n";
      }
      requests.push(line.split(" ", 1)[0]!);
      if (line.startsWith("gets ")) return `VALUE key 0 36 7\r\n${nonce}\r\nEND\r\n`;
      return line.startsWith("mg ") ? "EN\r\n" : undefined;
    }));
    await using client = new Client(peer.address);
    const fail = () => Promise.reject(new RangeError("no luck"));
    await assertRejects(() => client.getOrSet("key", fail, { negativeFor: 60 }), RangeError);
    assertEquals(requests, ["mg", "ms", "gets", "cas", "gets", "cas"]);
  });

  it("throws the loader's error when the server is lost during the load", async () => {
    const server = await MemcachedServer.listen();
    await using client = new Client(server.address);
    const fail = async () => {
      await server.close();
      throw new RangeError("no luck");
    };
    await assertRejects(() => client.getOrSet("key", fail), RangeError, "no luck");
  });

  it("asks no more for the value of another client when no caller waits", async () => {
    let requests = 0;
    const fault = () => void requests++;
    await using server = await MemcachedServer.listen({ fault });
    await using first = new Client(server.address);
    const loader = new Loader();
    const won = first.getOrSet("key", loader.load);
    await loader.called();
    const clock = new FakeClock();
    await using second = new Client(server.address, { clock });
    const stop = new AbortController();
    const options = { waitFor: 3600, signal: stop.signal };
    const waiting = second.getOrSet("key", never, options).catch((reason) => reason);
    const before = requests;
    while (requests < before + 10) await clock.tickSlowly(500);
    stop.abort("enough");
    assertEquals(await waiting, "enough");
    await standstill(() => requests);
    const last = requests;
    for (let i = 0; i < 20; i++) await clock.tickSlowly(500);
    assertEquals(requests, last);
    loader.give("value");
    assertEquals(await won, "value");
  });

  it("asks for nothing and loads nothing when its signal has been aborted", async () => {
    const commands: string[] = [];
    const fault = ({ command }: { readonly command: string }) => void commands.push(command);
    await using server = await MemcachedServer.listen({ fault });
    await using client = new Client(server.address);
    await client.get("key");
    const options = { signal: AbortSignal.abort("enough") };
    const asked = () => client.getOrSet("key", never, options);
    assertEquals(await asked().catch((reason) => reason), "enough");
    await client.get("key");
    assertEquals(commands, ["get", "get"]);
  });

  it("throws what the network does, and loads nothing", async () => {
    await using client = new Client("127.0.0.1:1");
    await assertRejects(() => client.getOrSet("key", never), SocketError);
  });
});

Deno.test({
  name: "getOrSet computes at once where memcached keeps no cas uniques",
  ignore: memcachedPath() === undefined,
  async fn() {
    await using memcached = await MemcachedProcess.start(["-C"]);
    // The first lease cannot be replaced, and stays. On this clock no wait for it ends.
    await using client = new Client(memcached.address, { clock: new FakeClock() });
    const signal = AbortSignal.timeout(30_000);
    for (const value of [1, 2, 3]) {
      assertEquals(await client.getOrSet("key", () => value, { signal }), value);
    }
  },
});

Deno.test("getOrSet knows a load by the key that is sent", async () => {
  await using server = await MemcachedServer.listen();
  const keys = { encode: (key: string) => key.toLowerCase(), decode: (key: string) => key };
  await using client = new Client(server.address, { keys });
  const loader = new Loader();
  const begun = client.getOrSet("Bob", loader.load);
  await loader.called();
  const joined = client.getOrSet("BOB", () => "another");
  await client.set("bob", "written");
  assertEquals(await client.getOrSet("Bob", () => "another"), "written");
  loader.give("late");
  assertEquals(await Promise.all([begun, joined]), ["late", "late"]);
  assertEquals(await client.get("BOB"), "written");
});
