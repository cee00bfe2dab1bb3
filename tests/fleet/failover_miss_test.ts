import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Client, SocketError, TimeoutError } from "../../mod.ts";
import { lock, memoize, once, rateLimit } from "../../src/patterns/mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { answering, ScriptedPeer } from "../support/scripted_peer.ts";

/** An address where nobody listens. */
function deadAddress(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
}

function missing(): Client {
  return new Client(deadAddress(), { failover: "miss", timeout: 10_000 });
}

const never = (): Promise<never> => Promise.reject(new Error("nobody was to be called"));

describe(`A client that fails over to "miss" where nobody listens`, () => {
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

  it("finds nothing by inspect and invalidate, and counts it", async () => {
    await using client = missing();
    assertEquals(await client.inspect("key"), undefined);
    assertEquals(await client.invalidate("key"), false);
    assertEquals(client.servers[0]?.missed, 2);
  });

  it("fails where a number, a change or a turn is promised", async () => {
    await using client = missing();
    const promises: Record<string, () => Promise<unknown>> = {
      incr: () => client.incr("key", 1, { initial: 1 }),
      decr: () => client.decr("key", 1, { initial: 1 }),
      update: () => client.update("key", () => "value"),
      meta: () => client.meta("mg", "key", ["v"]),
      namespace: () => client.namespace("n:").get("key"),
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
      const server = await MemcachedServer.listen();
      await using client = new Client(server.address, { failover: "miss", timeout: 10_000 });
      const act = async () => {
        await server.close();
        return result;
      };
      await assertRejects(() => once(client, "key", act), SocketError);
    }
  });
});
