import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { SocketError, TimeoutError } from "../../src/errors.ts";
import { deferred } from "../../src/waiting/promises.ts";
import type { DiscoveredServers, Discovery } from "../../src/discovery/discovery.ts";
import { DiscoveryLoop, type DiscoveryLoopOptions } from "../../src/discovery/discovery_loop.ts";
import { FakeClock } from "../support/fake_clock.ts";

const INTERVAL = 10_000;
const SHORTEST_INTERVAL = 1_000;

/** A loop whose look-ups are answered by a function of their number, from 0, and what becomes of it. */
class Watched implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly signals: AbortSignal[] = [];
  readonly found: unknown[] = [];
  readonly failed: SocketError[] = [];
  readonly loop: DiscoveryLoop;
  isAwaited = false;

  constructor(
    answer: (index: number, signal: AbortSignal) => unknown,
    options: Partial<DiscoveryLoopOptions> = {},
  ) {
    const discovery: Discovery = {
      name: "registry",
      interval: INTERVAL,
      lookUp: async ({ signal }) => {
        return await answer(this.signals.push(signal) - 1, signal) as DiscoveredServers;
      },
    };
    this.loop = new DiscoveryLoop({
      discovery,
      clock: this.clock,
      timeout: 5_000,
      shortestInterval: SHORTEST_INTERVAL,
      retryDelay: 100,
      maxRetryDelay: 1_600,
      tls: undefined,
      connect: () => Promise.reject(new Error("no server must be asked")),
      isAwaited: () => this.isAwaited,
      found: (servers) => this.found.push(servers),
      failed: (error) => this.failed.push(error),
      ...options,
    });
  }

  /** How many look-ups there have been. */
  get count(): number {
    return this.signals.length;
  }

  /** Moves on, and lets what is due then come to its end. */
  async tick(milliseconds: number): Promise<void> {
    await this.clock.tickSlowly(milliseconds);
  }

  /** Moves on to the next timer. */
  async next(): Promise<void> {
    await this.clock.tickSlowly(0);
    this.clock.tickToNext();
    await this.clock.tickSlowly(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.loop.stop(new SocketError("the test is over"));
  }
}

Deno.test("DiscoveryLoop looks up when it is started and at each interval, give or take a tenth", async () => {
  await using watched = new Watched((index) => ({ servers: [`server${index}`] }));
  await watched.tick(INTERVAL * 2);
  assertEquals(watched.count, 0);
  watched.loop.start();
  watched.loop.start();
  await watched.tick(0);
  for (let count = 1; count < 5; count++) {
    assertEquals(watched.count, count);
    await watched.tick(INTERVAL * 0.9 - 1);
    assertEquals(watched.count, count);
    await watched.next();
  }
  assertEquals(watched.found.slice(0, 2), [["server0"], ["server1"]]);
  assertEquals(watched.failed, []);
});

Deno.test("DiscoveryLoop waits no longer than timers can count", async () => {
  const longest = 0x7fffffff;
  let count = 0;
  const discovery: Discovery = {
    name: "registry",
    interval: longest,
    lookUp: () => Promise.resolve({ servers: [`server${count++}`] }),
  };
  const random = Math.random;
  using _ = { [Symbol.dispose]: () => void (Math.random = random) };
  Math.random = () => 0.999;
  await using watched = new Watched(() => undefined, { discovery });
  watched.loop.start();
  await watched.tick(longest - 1);
  assertEquals(count, 1);
  await watched.tick(1);
  assertEquals(count, 2);
});

Deno.test("DiscoveryLoop reports a list once while it does not change", async () => {
  const lists = [["a"], ["a"], ["a", "b"], ["a", "b"], ["b", "a"]];
  await using watched = new Watched((index) => ({ servers: lists[index] ?? lists.at(-1) }));
  watched.loop.start();
  while (watched.count < 7) await watched.next();
  assertEquals(watched.found, [["a"], ["a", "b"], ["b", "a"]]);
});

Deno.test("DiscoveryLoop looks at no list whose version it has, and at an older one when it stays", async () => {
  const answers: [version: number | bigint, server: string][] = [
    [5, "five"],
    [5, "five, but another"],
    [4, "four"],
    [6, "six"],
    [4n, "four"],
    [5n, "five"],
    [6n, "six, but another"],
    [4, "four"],
    [4, "four"],
    [4, "four at last"],
    [5, "five"],
  ];
  await using watched = new Watched((index) => {
    const [version, server] = answers[index] ?? answers.at(-1)!;
    return { version, servers: [server] };
  });
  watched.loop.start();
  while (watched.count <= answers.length) await watched.next();
  assertEquals(watched.found, [["five"], ["six"], ["four at last"], ["five"]]);
  assertEquals(watched.failed, []);
});

Deno.test("DiscoveryLoop reports failures, and tries again after delays that grow up to a bound", async () => {
  const fault = new Error("the registry is gone");
  await using watched = new Watched(() => Promise.reject(fault));
  watched.loop.start();
  await watched.tick(0);
  for (let turns = 1; turns < 10; turns++) {
    // A delay is random, and may be nothing.
    const failures = watched.failed.length;
    assert(failures >= turns);
    const before = watched.clock.now();
    await watched.next();
    assert(watched.clock.now() - before <= Math.min(1_600, 100 * 2 ** (failures - 1)));
  }
  const [error] = watched.failed;
  assertInstanceOf(error, SocketError);
  assertEquals(
    error.message,
    "Cannot discover servers through registry: the registry is gone",
  );
  assertEquals([error.server, error.cause], ["registry", fault]);
});

Deno.test("DiscoveryLoop resets its delays after a success", async () => {
  await using watched = new Watched((index) => {
    if (index === 8) return { servers: ["a"] };
    throw new Error(`failure ${index}`);
  });
  watched.loop.start();
  while (watched.count < 9) await watched.next();
  await watched.next();
  assertEquals(watched.count, 10);
  await watched.tick(100);
  assert(watched.count > 10, "the first delay after a success is longer than the first bound");
});

Deno.test("DiscoveryLoop treats an answer without servers as a failure", async () => {
  const answers = [undefined, null, {}, { servers: "a" }, { servers: [] }, "a", 1];
  await using watched = new Watched((index) => answers[index]);
  watched.loop.start();
  while (watched.count < answers.length) await watched.next();
  assertEquals(watched.count, answers.length);
  assertEquals(watched.failed.length, answers.length);
  for (const { message } of watched.failed) {
    assert(/list of servers|no server/.test(message), message);
  }
  assertEquals(watched.found, []);
});

Deno.test("DiscoveryLoop refuses a version that is no number: later lists would not be newer", async () => {
  const versions: unknown[] = [NaN, Infinity, "9", null, new Date(0), {}];
  await using watched = new Watched((index) => {
    return { servers: ["a"], version: versions[index % versions.length] as number };
  });
  watched.loop.start();
  while (watched.count < versions.length) await watched.next();
  assertEquals(watched.found, []);
  for (const error of watched.failed) {
    assertStringIncludes((error as Error).message, "its version is neither a number nor a bigint");
  }
});

Deno.test("DiscoveryLoop tries a list again that could not be taken", async () => {
  const taken: unknown[] = [];
  await using watched = new Watched(() => ({ servers: ["a"], version: 1 }), {
    found: (servers) => {
      if (taken.push(servers) < 3) throw new Error("not now");
    },
  });
  watched.loop.start();
  while (watched.count < 5) await watched.next();
  assertEquals(taken.length, 3);
  assertEquals(watched.failed.length, 2);
});

Deno.test("DiscoveryLoop looks up early only once in a row, after a pause", async () => {
  await using watched = new Watched(() => ({ servers: ["a"] }));
  watched.loop.hurry();
  assertEquals(watched.count, 0);
  watched.loop.start();
  await watched.tick(0);
  for (let i = 0; i < 10; i++) watched.loop.hurry();
  await watched.tick(SHORTEST_INTERVAL / 2);
  assertEquals(watched.count, 1);
  await watched.tick(SHORTEST_INTERVAL / 2);
  assertEquals(watched.count, 2);
  await watched.tick(INTERVAL / 2);
  assertEquals(watched.count, 2);
});

Deno.test("DiscoveryLoop looks up again when hurry is called during a lookup", async () => {
  const { promise, resolve } = deferred<void>();
  await using watched = new Watched(async (index) => {
    if (index === 0) await promise;
    return { servers: ["a"] };
  });
  watched.loop.start();
  watched.loop.hurry();
  await watched.tick(SHORTEST_INTERVAL);
  assertEquals(watched.count, 1);
  resolve();
  await watched.tick(0);
  await watched.tick(SHORTEST_INTERVAL);
  assertEquals(watched.count, 2);
});

Deno.test("DiscoveryLoop gives up a look-up that takes too long, whether or not it ends then", async () => {
  const { promise, resolve } = deferred<void>();
  await using watched = new Watched(async (index) => {
    if (index === 0) await promise;
    return { servers: ["a"] };
  });
  // What ends late: stopping waits for it.
  using _ = { [Symbol.dispose]: resolve };
  watched.loop.start();
  await watched.tick(5_000);
  const [error] = watched.failed;
  assertInstanceOf(error, TimeoutError);
  assertStringIncludes(error.message, "registry: no answer within 5000 ms");
  assert(watched.signals[0]!.aborted);
  await watched.tick(100);
  assertEquals(watched.found, [["a"]]);
});

Deno.test("DiscoveryLoop looks up sooner when an operation waits", async () => {
  await using watched = new Watched(() => Promise.reject(new Error("gone")), {
    retryDelay: 1_000_000,
    maxRetryDelay: 1_000_000,
  });
  watched.loop.start();
  await watched.tick(0);
  watched.isAwaited = true;
  watched.loop.expect();
  watched.loop.expect();
  await watched.tick(1_000);
  assertEquals(watched.count, 2);
});

Deno.test("DiscoveryLoop looks up soon for an operation that begins to wait when a lookup fails", async () => {
  await using watched = new Watched(() => Promise.reject(new Error("gone")), {
    retryDelay: 1_000_000,
    maxRetryDelay: 1_000_000,
    failed: () => {
      watched.isAwaited = true;
      watched.loop.expect();
    },
  });
  watched.loop.start();
  await watched.tick(0);
  await watched.tick(1_000);
  assertEquals(watched.count, 2);
});

Deno.test("DiscoveryLoop ends what is under way when it is stopped, and waits for its end", async () => {
  const { promise, resolve } = deferred<void>();
  await using watched = new Watched(() => promise);
  watched.loop.start();
  const reason = new SocketError("closed");
  let isStopped = false;
  const stopped = watched.loop.stop(reason).then(() => isStopped = true);
  await watched.tick(0);
  assertEquals(watched.signals[0]!.reason, reason);
  assertEquals(isStopped, false);
  resolve();
  await stopped;
  watched.loop.hurry();
  watched.loop.start();
  await watched.tick(INTERVAL * 2);
  assertEquals([watched.count, watched.found, watched.failed], [1, [], []]);
});
