/** Loads that ask for values in turn: none waits for itself. */

import { executionAsyncId } from "node:async_hooks";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { Client, ClientException, type KeyCommands } from "../../mod.ts";
import { memoize } from "../../src/patterns/mod.ts";
import { makeCallTracker } from "../../src/transport/call_tracker.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import {
  hashedKeys,
  largeValues,
  nearCache,
  replicas,
  spread,
  tagged,
} from "../../src/views/mod.ts";
import { turn } from "../support/turns.ts";

const WAITS = "the function that computes its value would wait for itself";

async function withClient(body: (client: Client) => Promise<void>): Promise<void> {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address, { timeout: 10_000 });
  await body(client);
}

describe("getOrSet inside a load", () => {
  it("of the same key is an error, at once, later and through other loads", () =>
    withClient(async (client) => {
      const names = client.namespace("n:");
      for (const [kind, commands] of Object.entries<KeyCommands>({ client, names })) {
        const again = () => commands.getOrSet("key", () => "never");
        const later = async () => {
          await client.version();
          return await again();
        };
        const around = () => commands.getOrSet("other", later);
        const recalled = memoize(commands, again, { key: () => "memoized" });
        for (const load of [again, later, around, recalled]) {
          const error = await assertRejects(
            () => commands.getOrSet("key", load),
            ClientException,
            WAITS,
            kind,
          );
          assert(String(error.item).endsWith("key"));
        }
      }
      // Nothing of it is left.
      assertEquals(await client.getOrSet("key", () => "value"), "value");
    }));

  it("of the same key is an error in views, and where two loads wait for each other", () =>
    withClient(async (client) => {
      const names = client.namespace("n:");
      const views: Record<string, KeyCommands> = {
        hashed: hashedKeys(client),
        large: largeValues(hashedKeys(client)),
        near: nearCache(names, { maxBytes: 1 << 20, ttl: 60 }),
        replicas: replicas([client]),
        spread: spread(client, { keys: ["a"], copies: 2 }),
        tagged: tagged(names),
      };
      for (const [kind, view] of Object.entries(views)) {
        const again = () => view.getOrSet("a", () => "never");
        const late = async () => {
          await turn();
          return await again();
        };
        const around = () => client.getOrSet("other", again);
        for (const load of [again, late, around]) {
          await assertRejects(() => view.getOrSet("a", load), ClientException, WAITS, kind);
        }
        const begun = [0, 1].map(() => Promise.withResolvers<void>());
        const mutual = ["a", "b"].map((key, i) =>
          view.getOrSet(key, async () => {
            begun[i]!.resolve();
            await begun[1 - i]!.promise;
            return await view.getOrSet(key === "a" ? "b" : "a", () => "never");
          })
        );
        for (const waiting of await Promise.allSettled(mutual)) {
          assert(waiting.status === "rejected" && waiting.reason.message.includes(WAITS), kind);
        }
        assertEquals(await view.getOrSet("a", () => kind), kind);
        await view.delete("a");
      }
    }));

  it("of the same key is an error in a namespace whose counter cannot be reached", async () => {
    await using client = new Client("127.0.0.1:1", { failover: "miss", timeout: 10_000 });
    const names = client.namespace("n:");
    const again = () => names.getOrSet("key", () => "never");
    const later = async () => {
      await turn();
      return await again();
    };
    const around = () => names.getOrSet("other", later);
    for (const load of [again, later, around]) {
      await assertRejects(() => names.getOrSet("key", load), ClientException, WAITS);
    }
    let loads = 0;
    const load = () => Promise.resolve(++loads);
    const all = await Promise.all([names.getOrSet("key", load), names.getOrSet("key", load)]);
    assertEquals([all, loads], [[1, 1], 1]);
  });

  it("is an error that the load can catch", () =>
    withClient(async (client) => {
      const load = async () => {
        const error = await client.getOrSet("key", () => "never").catch((error) => error);
        return error instanceof ClientException ? "own" : "none";
      };
      const asked = [client.getOrSet("key", load), client.getOrSet("key", load)];
      assertEquals(await Promise.all(asked), ["own", "own"]);
    }));

  it("of two keys that wait for each other is an error for both", () =>
    withClient(async (client) => {
      const met = Promise.withResolvers<void>();
      let begun = 0;
      const load = (other: string) => async (): Promise<unknown> => {
        if (++begun === 2) met.resolve();
        await met.promise;
        return await client.getOrSet(other, () => "never");
      };
      const crossed = [client.getOrSet("a", load("b")), client.getOrSet("b", load("a"))];
      const outcomes = await Promise.allSettled(crossed);
      for (const outcome of outcomes) {
        assert(outcome.status === "rejected" && String(outcome.reason).includes(WAITS));
      }
    }));

  it("of another key, in another format or by another client is not an error", () =>
    withClient(async (client) => {
      await using other = new Client(client.servers[0]!.name, { timeout: 10_000 });
      const leaf = () => client.getOrSet("leaf", () => "leaf");
      const both = await client.getOrSet("root", async () => {
        const values = [leaf(), leaf(), client.getOrSet("branch", leaf)];
        return (await Promise.all(values)).join();
      });
      assertEquals(both, "leaf,leaf,leaf");
      const through = await client.getOrSet("mine", () => other.getOrSet("theirs", leaf));
      assertEquals(through, "leaf");
    }));

  it("gets a stale value, which the load replaces", () =>
    withClient(async (client) => {
      await client.set("key", "old", 60);
      await client.invalidate("key");
      const load = async () => `new after ${await client.getOrSet("key", () => "never")}`;
      assertEquals(await client.getOrSet("key", load), "new after old");
    }));

  it("does not affect callers that ask for the key meanwhile, nor calls after the load", () =>
    withClient(async (client) => {
      const called = Promise.withResolvers<void>();
      const held = Promise.withResolvers<string>();
      const left = Promise.withResolvers<void>();
      let late: Promise<unknown> | undefined;
      const first = client.getOrSet("key", () => {
        called.resolve();
        late = left.promise.then(() => client.getOrSet("key", () => "late"));
        return held.promise;
      });
      await called.promise;
      const second = client.getOrSet("key", () => "never");
      const inOther = client.getOrSet("other", () => client.getOrSet("key", () => "never"));
      held.resolve("value");
      assertEquals(await Promise.all([first, second, inOther]), ["value", "value", "value"]);
      await client.delete("key");
      left.resolve();
      assertEquals(await late, "late");
    }));
});

Deno.test("makeCallTracker follows calls until they end, on every runtime", async () => {
  const tracker = await makeCallTracker<string>();
  assert(tracker !== undefined);
  const held = Promise.withResolvers<void>();
  const long = tracker.run("long", async () => {
    await held.promise;
    return tracker.getStore();
  });
  const short = tracker.run("short", async () => {
    await turn();
    return tracker.getStore();
  });
  assertEquals([await short, tracker.getStore()], ["short", undefined]);
  held.resolve();
  assertEquals([await long, tracker.getStore()], ["long", undefined]);
});

// Tests that leave an AsyncLocalStorage of their own in use have to run later in the same process.
Deno.test("makeCallTracker does not slow down promises when no call runs", async () => {
  const tracker = await makeCallTracker<string>();
  assertEquals(await tracker?.run("value", () => Promise.resolve("result")), "result");
  await turn();
  assertEquals(await arePromisesTracked(), false);
});

/** Whether each promise has a number of its own: they take two to three times as long then. */
async function arePromisesTracked(): Promise<boolean> {
  const numbers = new Set<number>();
  for (let i = 0; i < 3; i++) {
    await Promise.resolve();
    numbers.add(executionAsyncId());
  }
  return numbers.size > 1;
}
