import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  Client,
  jsonTranscoder,
  type KeyCommands,
  type Namespace,
  SocketError,
  TimeoutError,
} from "../../mod.ts";
import { lock, memoize, once, rateLimit } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import {
  hashedKeys,
  largeValues,
  nearCache,
  replicas,
  spread,
  tagged,
} from "../../src/views/mod.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";
import { SwitchedFleet, type SwitchedServer, untilUp } from "../support/switched_fleet.ts";

/** An address where nothing listens. */
function deadAddress(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
}

function missing(): Client {
  return new Client(deadAddress(), { failover: "miss", timeout: 10_000 });
}

const never = (): Promise<never> => Promise.reject(new Error("nothing must be called"));

describe(`A client that fails over to "miss" without a listener for errors`, () => {
  it("computes by getOrSet and memoize without storing", async () => {
    await using client = missing();
    let calls = 0;
    for (let i = 1; i <= 2; i++) {
      assertEquals(await client.getOrSet("key", () => ++calls, { exptime: 60 }), i);
    }
    const square = memoize(client, (n: number) => n * n, { key: (n) => `square:${n}` });
    assertEquals(await square(3), 9);
    assertEquals(client.servers[0]?.missed, 3);
    const fail = () => Promise.reject(new RangeError("no luck"));
    await assertRejects(() => client.getOrSet("key", fail, { negativeFor: 60 }), RangeError);
  });

  it("computes once for all callers of getOrSet", async () => {
    await using client = missing();
    let calls = 0;
    const load = () => Promise.resolve(++calls);
    const values = Array.from({ length: 10 }, () => client.getOrSet("key", load));
    assertEquals(await Promise.all(values), Array(10).fill(1));
  });

  it('fails in getOrSet with failover "error", and does not join a load without it', async () => {
    await using client = missing();
    const strict = { failover: "error" } as const;
    const loose = client.getOrSet("key", () => "value");
    for (
      const commands of [client, client.withTranscoder(jsonTranscoder()), client.namespace("n:")]
    ) {
      await assertRejects(() => commands.getOrSet("key", never, strict), SocketError);
    }
    const remembered = memoize(client, never, { key: () => "key", ...strict });
    await assertRejects(() => remembered(), SocketError);
    assertEquals(await loose, "value");
  });

  it('fails in every command with failover "error", also of views', async () => {
    await using client = missing();
    const strict = { failover: "error" } as const;
    const commands: Record<string, (view: KeyCommands) => Promise<unknown>> = {
      get: (view) => view.get("key", strict),
      getMany: (view) => view.getMany(["key"], strict),
      gets: (view) => view.gets("key", strict),
      getAndTouch: (view) => view.getAndTouch("key", 60, strict),
      set: (view) => view.set("key", "value", 60, strict),
      setMany: (view) => view.setMany({ key: "value" }, 60, strict),
      add: (view) => view.add("key", "value", 60, strict),
      replace: (view) => view.replace("key", "value", 60, strict),
      append: (view) => view.append("key", "more", strict),
      prepend: (view) => view.prepend("key", "more", strict),
      cas: (view) => view.cas("key", "value", 1n, 60, strict),
      incr: (view) => view.incr("key", 1, strict),
      decr: (view) => view.decr("key", 1, strict),
      touch: (view) => view.touch("key", 60, strict),
      delete: (view) => view.delete("key", strict),
      deleteMany: (view) => view.deleteMany(["key"], strict),
      invalidate: (view) => view.invalidate("key", strict),
      inspect: (view) => view.inspect("key", strict),
    };
    const views: Record<string, KeyCommands> = {
      "a client": client,
      "a namespace": client.namespace("n:"),
      nearCache: nearCache(client, { maxBytes: 10_000, ttl: 1 }),
      largeValues: largeValues(client),
      tagged: tagged(client),
      hashedKeys: hashedKeys(client),
      spread: spread(client, { keys: ["key"] }),
      replicas: replicas([client, client]),
    };
    for (const [name, view] of Object.entries(views)) {
      for (const [command, call] of Object.entries(commands)) {
        await assertRejects(() => call(view), SocketError, "", `${command} of ${name}`);
      }
    }
  });

  it("gives timers a turn while a program asks again and again", async () => {
    for (const failover of ["miss", "remove", "error"] as const) {
      await using client = new Client(deadAddress(), { failover, failuresBeforeDead: 1 });
      const ask = () => client.get("key").catch(() => undefined);
      await ask();
      assertEquals(client.servers[0]?.state, "down");
      let hasTurned = false;
      const timer = setTimeout(() => hasTurned = true, 0);
      // Each is refused at once: a probe, which would end the turn as well, comes much later.
      for (let i = 0; i < 5000 && !hasTurned; i++) await ask();
      clearTimeout(timer);
      assert(hasTurned, failover);
    }
  });

  it("finds nothing by inspect and invalidate, and counts it", async () => {
    await using client = missing();
    assertEquals(await client.inspect("key"), undefined);
    assertEquals(await client.invalidate("key"), false);
    assertEquals(client.servers[0]?.missed, 2);
  });

  it("rejects where a number, a change or a lock is promised", async () => {
    await using client = missing();
    const promises: Record<string, () => Promise<unknown>> = {
      incr: () => client.incr("key", 1, { initial: 1 }),
      decr: () => client.decr("key", 1, { initial: 1 }),
      update: () => client.update("key", () => "value"),
      meta: () => client.meta("mg", "key", ["v"]),
      invalidateAll: () => client.namespace("n:").invalidateAll(),
      currentPrefix: () => client.namespace("n:").currentPrefix(),
      "strict get": () => client.namespace("n:").get("key", { failover: "error" }),
      "incr of a namespace": () => client.namespace("n:").incr("key", 1, { initial: 1 }),
      "update of a namespace": () => client.namespace("n:").update("key", () => "value"),
      lock: () => lock(client, "key", { ttl: 30 }),
      once: () => once(client, "key", never),
      rateLimit: () => rateLimit(client, "key", { limit: 1, window: 60 }),
    };
    for (const [name, promise] of Object.entries(promises)) {
      const error = await promise().catch((error) => error);
      assert(error instanceof SocketError, `${name}: ${error}`);
    }
    assertEquals(await client.incr("key"), undefined);
    assertEquals(await client.decr("key"), undefined);
  });
});

describe(`A client that fails over to "miss" and loses its server`, () => {
  it("gives what getOrSet computed, or the stale value", async () => {
    for (const isStale of [false, true]) {
      const server = await MemcachedServer.listen();
      await using client = new Client(server.address, { failover: "miss", timeout: 10_000 });
      if (isStale) {
        await client.set("key", "old");
        await client.invalidate("key");
      }
      const load = async () => {
        await server.close();
        return "new";
      };
      assertEquals(await client.getOrSet("key", load, { waitFor: 2_592_000 }), "new");
    }
  });

  it("computes when the lease cannot be asked for", async () => {
    await using peer = new ScriptedPeer(async (connection, index) => {
      if (index > 0) return connection.close();
      await connection.request();
      await connection.send("EN\r\n");
      await connection.request();
      connection.close();
    });
    await using client = new Client(peer.address, { failover: "miss", timeout: 10_000 });
    assertEquals(await client.getOrSet("key", () => "value"), "value");
  });

  it("fails in update when what was read cannot be stored", async () => {
    await using peer = new ScriptedPeer(async (connection, index) => {
      if (index > 0) return connection.close();
      await connection.request();
      await connection.send("END\r\n");
      await connection.request();
      connection.close();
    });
    await using client = new Client(peer.address, { failover: "miss", timeout: 10_000 });
    await assertRejects(() => client.update("key", () => "value"), SocketError);
  });

  it("fails in incr when the counter that is missing cannot be added", async () => {
    await using peer = new ScriptedPeer(
      answering((line) => line.startsWith("incr ") ? "NOT_FOUND\r\n" : undefined),
    );
    await using client = new Client(peer.address, { failover: "miss", timeout: 50 });
    await assertRejects(() => client.incr("key", 1, { initial: 1 }), TimeoutError);
  });

  it("fails once it is closed", async () => {
    const client = missing();
    await client.close();
    await assertRejects(() => client.getOrSet("key", never), SocketError);
    await assertRejects(() => client.inspect("key"), SocketError);
  });

  it("fails in once when the result is dropped", async () => {
    for (const result of ["done", undefined]) {
      await using fleet = await SwitchedFleet.start(["a:1"]);
      const options = { failover: "miss", timeout: 10_000, dial: fleet.dial } as const;
      await using client = new Client(fleet.names, options);
      const act = async () => {
        await fleet.servers[0]!.become("refusing");
        return result;
      };
      await assertRejects(() => once(client, "key", act), SocketError);
    }
  });
});

describe("A namespace whose counter cannot be reached", () => {
  /** Two servers: the first one has the counter of a namespace, and the second one all its keys. */
  async function withFleet(
    failover: "miss" | "error",
    body: (names: Namespace, counter: SwitchedServer, client: Client) => Promise<void>,
  ): Promise<void> {
    await using fleet = await SwitchedFleet.start(["a:1", "b:1"]);
    await using client = new Client(fleet.names, {
      failover,
      dial: fleet.dial,
      timeout: 10_000,
      locator: () => ({ locate: (key) => key.endsWith("~moecache-generation") ? 0 : 1 }),
    });
    await body(client.namespace("n:"), fleet.servers[0]!, client);
  }

  it("misses and drops writes, if a failure is a miss", async () => {
    await withFleet("miss", async (names, counter, client) => {
      await names.setMany({ key: "old", other: "old", count: "1" });
      await counter.become("refusing");
      assertEquals(await names.get("key"), undefined);
      assertEquals(await names.getMany(["key", "other"]), new Map());
      assertEquals(await names.gets("key"), undefined);
      assertEquals(await names.getAndTouch("key", 60), undefined);
      assertEquals(await names.inspect("key"), undefined);
      assertEquals([await names.incr("count"), await names.decr("count")], [undefined, undefined]);
      await names.set("key", "new");
      await names.setMany({ key: "new" });
      assertEquals([await names.add("new", 1), await names.replace("key", 1)], [false, false]);
      assertEquals([await names.append("key", "1"), await names.prepend("key", "1")], [
        false,
        false,
      ]);
      assertEquals(await names.cas("key", "new", 1n), "not_found");
      assertEquals([await names.touch("key", 1), await names.delete("key")], [false, false]);
      assertEquals(await names.deleteMany(["key"]), new Map([["key", false]]));
      assertEquals(await names.invalidate("key"), false);
      let calls = 0;
      const load = () => Promise.resolve(++calls);
      const computed = [names.getOrSet("key", load), names.getOrSet("key", load)];
      assertEquals(await Promise.all(computed), [1, 1]);
      assertEquals(await names.getOrSet("key", load), 2);
      const fail = () => Promise.reject(new RangeError("no luck"));
      await assertRejects(() => names.getOrSet("key", fail), RangeError);
      const signal = AbortSignal.abort(new Error("enough"));
      await assertRejects(() => names.getOrSet("key", load, { signal }), Error, "enough");
      // Another client may have begun another generation, or not: the old one is asked for again.
      await counter.become("up");
      await untilUp(client);
      assertEquals(
        await names.getMany(["key", "other"]),
        new Map([["key", "old"], ["other", "old"]]),
      );
    });
  });

  it("rejects, if a failure is an error", async () => {
    await withFleet("error", async (names, counter) => {
      await names.set("key", "old");
      await counter.become("refusing");
      await assertRejects(() => names.get("key"), SocketError);
      await assertRejects(() => names.set("key", "new"), SocketError);
      await assertRejects(() => names.getMany(["key"]), SocketError);
      await assertRejects(() => names.getOrSet("key", never), SocketError);
      await counter.become("up");
      assertEquals(await names.get("key"), "old");
    });
  });

  it("continues with a server that has come back without the counter", async () => {
    await withFleet("error", async (names, counter) => {
      await names.set("key", "old");
      const { memcached } = counter;
      await using client = new Client(memcached.address);
      await client.flushAll();
      await counter.cut();
      assertEquals(await names.get("key"), undefined);
      await names.set("key", "new");
      assertEquals(await names.get("key"), "new");
    });
  });
});
