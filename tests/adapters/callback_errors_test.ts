/** An error that a callback throws is an uncaught exception, as in packages without promises. */

import { assertEquals } from "@std/assert";
import { Memcached } from "../../src/adapters/memcached.ts";
import { Client as MemjsClient } from "../../src/adapters/memjs.ts";
import { fastifyRateLimitStore } from "../../src/adapters/rate_limit.ts";
import { honoSessionStorage, moecacheSessionStore } from "../../src/adapters/session.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { turn } from "../support/turns.ts";

/** Nothing listens there. */
const NOWHERE = "127.0.0.1:1";
const DAY = 86_400_000;

/** Resolves to the messages of uncaught exceptions, when there are as many as calls. */
async function uncaught(calls: readonly ((thrower: () => never) => void)[]): Promise<string[]> {
  const messages: string[] = [];
  const all = Promise.withResolvers<void>();
  const listener = (event: ErrorEvent) => {
    event.preventDefault();
    if (messages.push(event.message) === calls.length) all.resolve();
  };
  globalThis.addEventListener("error", listener);
  try {
    for (const [i, call] of calls.entries()) {
      call(() => {
        throw new Error(`thrown ${i}`);
      });
    }
    await all.promise;
    // None is called again with its own error.
    await turn();
  } finally {
    globalThis.removeEventListener("error", listener);
  }
  return messages.map((message) => /thrown \d+$/.exec(message)?.[0] ?? message).sort();
}

Deno.test("what a callback throws is an uncaught exception, and the callback is called once", async () => {
  await using server = await MemcachedServer.listen();
  for (const servers of [server.address, NOWHERE]) {
    const memjs = MemjsClient.create(servers, { retries: 1, logger: { log() {} } });
    const memcached = new Memcached(servers);
    await using sessions = moecacheSessionStore({ Store: class {} }, { servers });
    const Limits = fastifyRateLimitStore({ servers });
    const calls: ((thrower: () => never) => void)[] = [
      (thrower) => memjs.get("key", thrower),
      (thrower) => memjs.set("key", "value", {}, thrower),
      (thrower) => memjs.increment("number", 1, {}, thrower),
      (thrower) => memjs.flush(thrower),
      (thrower) => memjs.stats(thrower),
      (thrower) => memcached.get("key", thrower),
      (thrower) => memcached.set("key", "value", 0, thrower),
      (thrower) => memcached.getMulti(["key"], thrower),
      (thrower) => memcached.version(thrower),
      (thrower) => sessions.get("id", thrower),
      (thrower) => sessions.set("id", { cookie: {} }, thrower),
      (thrower) => new Limits({}).incr("ada", thrower, DAY),
    ];
    assertEquals(await uncaught(calls), calls.map((_, i) => `thrown ${i}`).sort());
    memjs.close();
    memcached.end();
    await Limits.close();
  }
  const messages = await uncaught([
    (onError) => {
      const storage = honoSessionStorage({ servers: NOWHERE, onError });
      storage.set("id", {});
      void storage.close();
    },
  ]);
  assertEquals(messages, ["thrown 0"]);
});
