/** Views while a server drops connections, refuses and delays. What they promise is checked for every read. */

import { assert, assertEquals } from "@std/assert";
import { Client, type KeyCommands, type OperationOptions } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import {
  hashedKeys,
  largeValues,
  nearCache,
  replicas,
  type ReplicasOptions,
  type Schema,
  spread,
  tagged,
  typed,
} from "../../src/views/mod.ts";
import { chooseSeed, Random } from "../chaos/random.ts";
import { extent } from "../support/extent.ts";
import { turn } from "../support/turns.ts";

/** Starts a server where about one request of 50 fails, in one way or another. */
function startFaulty(random: Random): Promise<MemcachedServer> {
  return MemcachedServer.listen({
    fault() {
      const chance = random.next();
      if (chance < 0.005) return { drop: "before" };
      if (chance < 0.01) return { drop: "after" };
      if (chance < 0.015) return { reply: "SERVER_ERROR chaos" };
      return chance < 0.02 ? { delay: 1 } : undefined;
    },
  });
}

/** What was written under a key, and when each value had been replaced. */
class Versions {
  #latest = 0;
  /** When a write that came after a version had been acknowledged, by the version. */
  readonly #replaced = new Map<number, number>();

  /** Writes the next version; one that fails may or may not be there. */
  async write(write: (version: number) => Promise<unknown>): Promise<void> {
    const version = ++this.#latest;
    try {
      await write(version);
    } catch {
      return;
    }
    const now = performance.now();
    for (let earlier = version - 1; earlier >= 0 && !this.#replaced.has(earlier); earlier--) {
      this.#replaced.set(earlier, now);
    }
  }

  /** How long before a read began, in milliseconds, what it found had been replaced. */
  ageOf(version: number, start: number): number {
    return start - (this.#replaced.get(version) ?? Infinity);
  }
}

/** Milliseconds after which a slow or busy machine has done enough. */
const LONG_ENOUGH = extent(10_000, Infinity);

/** How many operations were begun, and how many of them have not failed. */
interface Repeated {
  readonly begun: number;
  readonly done: number;
}

/** Does something a number of times, or fewer where that takes too long. */
async function repeat(times: number, next: () => Promise<unknown>): Promise<Repeated> {
  const end = performance.now() + LONG_ENOUGH;
  let [begun, done] = [0, 0];
  while (begun < times && performance.now() < end) {
    // Hits need no turn of the event loop, and everything else does.
    if (begun++ % 50 === 0) await turn();
    try {
      await next();
      done++;
    } catch {
      // Faults are what this is about.
    }
  }
  return { begun, done };
}

/** Asserts that most operations have not failed. */
function assertMostDone({ begun, done }: Repeated, seed: number): void {
  assert(done > begun / 2, `seed ${seed}: ${done} of ${begun} reads`);
}

/** Does something again and again, a millisecond apart, until it is done. */
async function repeatUntil(isDone: () => boolean, next: () => Promise<void>): Promise<void> {
  while (!isDone()) {
    await next();
    await turn();
  }
}

const KEYS = ["a", "b", "c", "d"];

/** Reads in one of the ways in which a near cache may answer from memory. */
async function readInSomeWay(
  view: KeyCommands,
  key: string,
  random: Random,
): Promise<number | undefined> {
  const way = random.next();
  if (way < 0.1) return (await view.getMany<number>(KEYS)).get(key);
  if (way < 0.2) return await view.getOrSet<number | undefined>(key, () => undefined);
  return await view.get<number>(key, way < 0.3 ? {} : undefined);
}

Deno.test("nearCache under faults: no value is older than its ttl", async () => {
  const seed = chooseSeed();
  const random = new Random(seed);
  await using server = await startFaulty(random);
  await using writing = new Client(server.address, { timeout: 1000 });
  await using closing = new AsyncDisposableStack();
  const ttl = 0.02;
  const views = (["ttl", "cas", "watch"] as const).map((revalidate) => {
    // With one client, a getOrSet of one view would take over what another had asked for earlier.
    const reading = closing.use(new Client(server.address, { timeout: 1000 }));
    return closing.use(
      nearCache(reading, { maxBytes: 100_000, ttl, revalidate, staleOnError: 0 }),
    );
  });
  const versions = new Map(KEYS.map((key) => [key, new Versions()]));
  const faults: string[] = [];
  let isDone = false;
  const writer = repeatUntil(() => isDone, async () => {
    const key = random.pick(KEYS);
    await versions.get(key)?.write((version) => writing.set(key, version));
  });
  const readers = [...views, ...views].map((view) =>
    repeat(extent(5000, 170_000), async () => {
      const key = random.pick(KEYS);
      const start = performance.now();
      const version = await readInSomeWay(view, key, random);
      if (version === undefined) return;
      const age = versions.get(key)?.ageOf(version, start) ?? 0;
      if (age > ttl * 1000) faults.push(`seed ${seed}: ${key} was replaced ${age} ms before`);
    })
  );
  const repeated = await Promise.all(readers);
  isDone = true;
  await writer;
  assertEquals(faults.slice(0, 3), []);
  for (const each of repeated) assertMostDone(each, seed);
  assert(views.every(({ near }) => near.hits > 0), `seed ${seed}: nothing was kept`);
});

/** Views whose reads must not find what was replaced before they began. */
const STRICT: Readonly<Record<string, (client: Client) => KeyCommands>> = {
  largeValues: (client) => largeValues(client, { chunkByteLength: 1024 }),
  tagged: (client) => tagged(client),
  spread: (client) => spread(client, { copies: 2, keys: KEYS }),
  hashedKeys: (client) => hashedKeys(client),
  typed: (client) => typed(client, TEXT) as KeyCommands,
};
/** The keys that are not `"a"`. */
const STRICT_KEYS: Readonly<Record<string, string>> = { hashedKeys: "no key of memcached's" };
/** What {@linkcode typed} takes. */
const TEXT: Schema<string> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "string" ? { value } : { issues: [{ message: "must be a string" }] },
  },
};
/** What each of them stores with. */
const OPTIONS: Readonly<Record<string, OperationOptions & { readonly tags?: readonly string[] }>> =
  {
    tagged: { tags: ["t"] },
  };

for (const [name, makeView] of Object.entries(STRICT)) {
  Deno.test(`${name} under faults: values are whole, and never older than a write that has ended`, async () => {
    const seed = chooseSeed();
    const random = new Random(seed);
    await using first = await startFaulty(random);
    await using second = await startFaulty(random);
    const servers = [first.address, second.address];
    await using client = new Client(servers, { timeout: 1000 });
    await using other = new Client(servers, { timeout: 1000 });
    const [writing, reading] = [makeView(client), makeView(other)];
    const key = STRICT_KEYS[name] ?? "a";
    const versions = new Versions();
    let isDone = false;
    const faults: unknown[] = [];
    const writer = repeatUntil(() => isDone, async () => {
      await versions.write((version) => {
        const value = Array.from({ length: 1000 }, () => version).join();
        return writing.set(key, value, 0, OPTIONS[name]);
      });
    });
    const repeated = await repeat(extent(500, 5_000), async () => {
      const start = performance.now();
      const value = await reading.get<string>(key);
      if (value === undefined) return;
      const found = new Set(value.split(","));
      const [version = ""] = found;
      const age = versions.ageOf(Number(version), start);
      if (found.size !== 1) faults.push(`seed ${seed}: a mixture of ${[...found]}`);
      if (age > 0) faults.push(`seed ${seed}: version ${version} was replaced ${age} ms before`);
    });
    isDone = true;
    await writer;
    assertEquals(faults.slice(0, 3), []);
    assertMostDone(repeated, seed);
  });
}

/** How {@linkcode replicas} may read and write. */
const REPLICAS: Readonly<Record<string, ReplicasOptions>> = {
  "read the first, write any": { read: "first" },
  "read any, hedge": { read: "any", hedgeAfter: 1 },
  "read the nearest, write all": { read: "nearest", write: "all" },
};

for (const [name, options] of Object.entries(REPLICAS)) {
  Deno.test(`replicas (${name}) under faults: nothing is older than a write of this process that has ended`, async () => {
    const seed = chooseSeed();
    const random = new Random(seed);
    await using first = await startFaulty(random);
    await using second = await startFaulty(random);
    await using here = new Client(first.address, { timeout: 1000 });
    await using there = new Client(second.address, { timeout: 1000 });
    const view = replicas([here, there], options);
    let missed = 0;
    view.events.addEventListener("failure", () => missed++);
    const versions = new Map(KEYS.map((key) => [key, new Versions()]));
    const faults: string[] = [];
    let isDone = false;
    const writer = repeatUntil(() => isDone, async () => {
      const key = random.pick(KEYS);
      await versions.get(key)?.write((version) => view.set(key, version));
    });
    let found = 0;
    const repeated = await Promise.all(KEYS.map(() =>
      repeat(extent(1000, 10_000), async () => {
        const key = random.pick(KEYS);
        const start = performance.now();
        const version = await view.get<number>(key);
        if (version === undefined) return;
        found++;
        const age = versions.get(key)?.ageOf(version, start) ?? 0;
        if (age > 0) faults.push(`seed ${seed}: ${key} was replaced ${age} ms before`);
      })
    ));
    isDone = true;
    await writer;
    assertEquals(faults.slice(0, 3), []);
    for (const each of repeated) assertMostDone(each, seed);
    assert(missed > 0, `seed ${seed}: no fleet has missed anything`);
    const begun = repeated.reduce((sum, { begun }) => sum + begun, 0);
    assert(found > begun / KEYS.length, `seed ${seed}: ${found} of ${begun} reads found a value`);
  });
}
