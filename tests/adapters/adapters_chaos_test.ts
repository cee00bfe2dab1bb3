/** What the adapters answer while connections are lost and memcached refuses: nothing that is not there. */

import { assert } from "@std/assert";
import type { ClientOptions } from "../../mod.ts";
import { moecacheDriver as bentocacheDriver } from "../../src/adapters/bentocache.ts";
import { KeyvMoecache } from "../../src/adapters/keyv.ts";
import { Memcached } from "../../src/adapters/memcached.ts";
import { Client as MemjsClient } from "../../src/adapters/memjs.ts";
import { fastifyRateLimitStore, RateLimitStore } from "../../src/adapters/rate_limit.ts";
import {
  honoSessionsStore,
  honoSessionStorage,
  moecacheSessionStore,
  sessionIdStrategy,
} from "../../src/adapters/session.ts";
import { moecacheDriver } from "../../src/adapters/unstorage.ts";
import { type Fault, MemcachedServer } from "../../src/testing/mod.ts";
import { Random, withSeed } from "../chaos/random.ts";
import { extent } from "../support/extent.ts";

/** How many operations there are with each store. */
const OPERATIONS = extent(200, 5_000);
const KEYS = ["a", "b c", "d".repeat(300)];
/** So long that no test meets its end. */
const WINDOW = 2 ** 31 - 1;
/** No server is given up: each operation meets the faults. */
const PERSISTENT = { failuresBeforeDead: 1000, timeout: 60_000 } as const;

/** What keeps a number under a key. */
interface Store {
  /** Resolves to `undefined` when there is none. */
  get(key: string): Promise<number | undefined>;
  set(key: string, value: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  close(): Promise<unknown>;
}

type Make = (servers: string, clientOptions: ClientOptions) => Store;

/** Resolves to what a callback gets, and rejects with its error. */
function called<Result>(
  call: (callback: (error: unknown, result?: Result) => void) => void,
): Promise<Result | undefined> {
  return new Promise((resolve, reject) =>
    call((error, result) => error ? reject(error) : resolve(result))
  );
}

interface Session {
  readonly n: number;
}

const SESSIONS: Readonly<Record<string, Make>> = {
  "hono-sessions": (servers, clientOptions) => {
    const store = honoSessionsStore({ servers, clientOptions });
    return {
      get: async (key) => (await store.getSessionById<Session & { _expire: null }>(key))?.n,
      set: (key, n) => store.persistSessionData(key, { _expire: null, n } as { _expire: null }),
      delete: (key) => store.deleteSession(key),
      close: () => store.close(),
    };
  },
  "@hono/session": (servers, clientOptions) => {
    const errors: unknown[] = [];
    const onError = (error: unknown) => errors.push(error);
    const storage = honoSessionStorage({ servers, clientOptions, onError });
    const written = async () => {
      await storage.written();
      // An error is reported in a turn of its own.
      await Promise.resolve();
      const error = errors.pop();
      if (error !== undefined) throw error;
    };
    return {
      get: async (key) => (await storage.get<Session>(key))?.n,
      set: (key, n) => {
        storage.set(key, { n });
        return written();
      },
      delete: (key) => {
        storage.delete(key);
        return written();
      },
      close: () => storage.close(),
    };
  },
  "React Router": (servers, clientOptions) => {
    const strategy = sessionIdStrategy({ servers, clientOptions });
    return {
      get: async (key) => (await strategy.readData<Session>(key))?.n,
      set: (key, n) => strategy.updateData(key, { n }),
      delete: (key) => strategy.deleteData(key),
      close: () => strategy.close(),
    };
  },
  "express-session": (servers, clientOptions) => {
    const store = moecacheSessionStore({ Store: class {} }, { servers, clientOptions });
    type Kept = Session & { cookie: Record<string, never> };
    return {
      get: async (key) => (await called<Kept | null>((done) => store.get<Kept>(key, done)))?.n,
      set: (key, n) =>
        called((done) => store.set(key, { cookie: {}, n } as { cookie: object }, done)),
      delete: (key) => called((done) => store.destroy(key, done)),
      close: () => store.close(),
    };
  },
};

const CACHES: Readonly<Record<string, Make>> = {
  Keyv: (servers, clientOptions) => {
    const store = new KeyvMoecache({ servers, clientOptions });
    return {
      get: (key) => store.get<number>(key),
      set: (key, value) => store.set(key, value),
      delete: (key) => store.delete(key),
      close: () => store.disconnect(),
    };
  },
  unstorage: (servers, clientOptions) => {
    const driver = moecacheDriver({ servers, clientOptions });
    return {
      get: async (key) => numberOf(await driver.getItem(key)),
      set: (key, value) => driver.setItem(key, `${value}`),
      delete: (key) => driver.removeItem(key),
      close: () => driver.dispose(),
    };
  },
  bentocache: (servers, clientOptions) => {
    const { options, factory } = bentocacheDriver({ servers, clientOptions });
    const driver = factory(options).namespace("within");
    return {
      get: async (key) => numberOf(await driver.get(key)),
      set: (key, value) => driver.set(key, `${value}`),
      delete: (key) => driver.delete(key),
      close: () => driver.disconnect(),
    };
  },
};

/** Their keys have no spaces, and are not as long as those of others. */
const DROP_INS: Readonly<Record<string, Make>> = {
  memjs: (servers, clientOptions) => {
    const options = { "retry_delay": 0, logger: { log() {} }, clientOptions };
    const client = MemjsClient.create(servers, options);
    const keyOf = (key: string) => encodeURIComponent(key).slice(0, 99);
    return {
      get: async (key) => {
        const { value } = await client.get(keyOf(key));
        return numberOf(value === null ? null : new TextDecoder().decode(value));
      },
      set: (key, value) => client.set(keyOf(key), `${value}`),
      delete: (key) => client.delete(keyOf(key)),
      close: () => Promise.resolve(client.close()),
    };
  },
  "npm's memcached": (servers, clientOptions) => {
    const client = new Memcached(servers, { clientOptions });
    const keyOf = (key: string) => encodeURIComponent(key);
    return {
      get: (key) => called<number>((done) => client.get(keyOf(key), done as () => void)),
      set: (key, value) => called((done) => client.set(keyOf(key), value, 0, done)),
      delete: (key) => called((done) => client.del(keyOf(key), done)),
      close: () => Promise.resolve(client.end()),
    };
  },
};

function numberOf(text: string | null | undefined): number | undefined {
  return text === null || text === undefined ? undefined : Number(text);
}

/** A server that answers some requests with random faults, until `recover` is called. */
class FaultyServer implements AsyncDisposable {
  readonly random: Random;
  faults = 0;
  #isFaulty = true;
  #server: MemcachedServer | undefined;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  async listen(): Promise<string> {
    this.#server = await MemcachedServer.listen({ fault: () => this.#fault() });
    return this.#server.address;
  }

  recover(): void {
    this.#isFaulty = false;
  }

  #fault(): Fault | undefined {
    if (!this.#isFaulty || !this.random.chance(0.15)) return undefined;
    this.faults++;
    return this.random.pick<Fault>([
      { drop: "before" },
      { drop: "after" },
      { drop: this.random.between(1, 20) },
      { reply: "SERVER_ERROR busy" },
      { reply: "MAYBE" },
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }
}

/**
 * Uses a store, and checks each answer against what may be there.
 *
 * @param isMissing Whether a fault may be a miss, and what is set may be dropped. A deletion is neither.
 */
async function useStore(make: Make, isMissing: boolean, seed: number): Promise<void> {
  await using server = new FaultyServer(seed);
  const { random } = server;
  const address = await server.listen();
  const failover = isMissing ? { failover: "miss" } as const : {};
  const store = make(address, { ...PERSISTENT, ...failover });
  const possible = new Map<string, Set<number | undefined>>(
    KEYS.map((key) => [key, new Set([undefined])]),
  );
  let [done, failed] = [0, 0];
  const check = (key: string, found: number | undefined) => {
    const values = possible.get(key);
    const isKnown = values?.has(found) || isMissing && found === undefined;
    assert(isKnown, `${key.slice(0, 9)} is ${found}, not ${[...values ?? []]}`);
    if (found !== undefined || !isMissing) possible.set(key, new Set([found]));
  };
  for (let n = 0; n < OPERATIONS; n++) {
    const key = random.pick(KEYS);
    const values = possible.get(key) ?? new Set();
    const name = random.weighted({ get: 5, set: 3, delete: 2 });
    try {
      if (name === "get") check(key, await store.get(key));
      if (name === "set") {
        values.add(n);
        await store.set(key, n);
        if (!isMissing) possible.set(key, new Set([n]));
      }
      if (name === "delete") {
        values.add(undefined);
        await store.delete(key);
        possible.set(key, new Set([undefined]));
      }
      done++;
    } catch (error) {
      if (error instanceof Error && error.name === "AssertionError") throw error;
      failed++;
    }
  }
  server.recover();
  for (const key of KEYS) check(key, await store.get(key));
  await store.close();
  assert(server.faults > 0 && done > 0, `${server.faults} ${done} ${failed}`);
}

for (const [name, make] of Object.entries({ ...SESSIONS, ...CACHES, ...DROP_INS })) {
  Deno.test(`${name}: an answer is what was stored, or an error, while connections are lost`, async () => {
    await withSeed((seed) => useStore(make, false, seed));
  });
}

for (const [name, make] of Object.entries(SESSIONS)) {
  Deno.test(`${name}: with failover "miss" a session that was ended stays so, while connections are lost`, async () => {
    await withSeed((seed) => useStore(make, true, seed));
  });
}

Deno.test("the stores of rate limits lose no hit that they have counted, while connections are lost", async () => {
  await withSeed(async (seed) => {
    await using server = new FaultyServer(seed);
    const servers = await server.listen();
    const options = { servers, clientOptions: PERSISTENT };
    await using express = new RateLimitStore({ ...options, prefix: "express:" });
    express.init({ windowMs: WINDOW });
    const Fastify = fastifyRateLimitStore({ ...options, prefix: "fastify:" });
    const fastify = new Fastify({});
    const hits: Record<string, () => Promise<number | undefined>> = {
      express: async () => (await express.increment("ada")).totalHits,
      fastify: async () =>
        (await called<{ current: number }>((done) => fastify.incr("ada", done, WINDOW)))?.current,
    };
    for (const [name, hit] of Object.entries(hits)) {
      let [counted, failed] = [0, 0];
      for (let n = 0; n < OPERATIONS; n++) {
        try {
          const count = await hit() ?? 0;
          counted++;
          const isPossible = counted <= count && count <= counted + failed;
          assert(isPossible, `${name}: ${count}, with ${counted} counted and ${failed} failed`);
        } catch (error) {
          if (error instanceof Error && error.name === "AssertionError") throw error;
          failed++;
        }
      }
      assert(counted > 0 && failed > 0, `${counted} ${failed}`);
    }
    await Fastify.close();
  });
});
