import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { FakeClock } from "../support/fake_clock.ts";
import { ServerHealth, type ServerHealthOptions } from "../../src/connection/server_health.ts";
import { systemClock } from "../../src/waiting.ts";
import { deferred } from "../../src/waiting/promises.ts";
import { SocketError, TimeoutError } from "../../src/errors.ts";

const RESET = new SocketError("reset");
const LATE = new TimeoutError("late");

/** A server's health, what it reported, and its probes, which are answered by hand. */
function observe(options: Partial<ServerHealthOptions> = {}) {
  const events: string[] = [];
  const probes: ReturnType<typeof deferred<void>>[] = [];
  const health = new ServerHealth({
    server: "cache.test:11211",
    failuresBeforeDead: 3,
    probeDelay: 100,
    maxProbeDelay: 1000,
    dialsRefusing: false,
    clock: systemClock,
    report: (type) => events.push(type),
    ...options,
  }, () => {
    const probe = deferred<void>();
    probes.push(probe);
    return probe.promise;
  });
  return { health, events, probes };
}

/** Lets promises that have been settled take their effect. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
}

function fail(health: ServerHealth, times: number, error: SocketError = RESET): void {
  for (let i = 0; i < times; i++) health.failed(health.epoch, error);
}

Deno.test("ServerHealth is down after failuresBeforeDead failures in a row", () => {
  const { health, events } = observe();
  fail(health, 2);
  health.answered();
  assertEquals([health.failures, health.lastError], [0, undefined]);
  fail(health, 2);
  assertEquals([health.isDown, health.failures, health.lastError], [false, 2, RESET]);
  fail(health, 1);
  assertEquals(health.isDown, true);
  assertEquals(events, ["error", "error", "error", "error", "error", "down"]);
  health.stop();
});

Deno.test("ServerHealth counts failures that began together once", () => {
  const { health, events } = observe();
  const began = health.epoch;
  for (let i = 0; i < 8; i++) health.failed(began, RESET);
  assertEquals([health.failures, health.isDown, events], [1, false, ["error"]]);
});

Deno.test("ServerHealth probes one at a time, after delays by chance below a bound that doubles", async () => {
  const clock = new FakeClock();
  const random = Math.random;
  Math.random = () => 0.5;
  try {
    const { health, probes } = observe({ clock, failuresBeforeDead: 1 });
    fail(health, 1);
    // Half of 100, 200, 400, 800, and then of the longest, 1000.
    for (const [i, delay] of [50, 100, 200, 400, 500, 500].entries()) {
      clock.tick(delay - 1);
      await settle();
      assertEquals(probes.length, i, `${delay} ms are not over`);
      clock.tick(1);
      await settle();
      assertEquals(probes.length, i + 1);
      clock.tick(60_000);
      await settle();
      assertEquals(probes.length, i + 1, "one is still out");
      probes[i]!.reject(LATE);
      await settle();
    }
    health.stop();
  } finally {
    Math.random = random;
  }
});

Deno.test("ServerHealth begins with the shortest bound again each time it is down", async () => {
  const clock = new FakeClock();
  const { health, probes } = observe({ clock, failuresBeforeDead: 1, maxProbeDelay: 1e12 });
  fail(health, 1);
  for (let i = 0; i < 30; i++) {
    clock.tickToNext();
    probes.at(-1)!.reject(LATE);
    await settle();
  }
  health.answered();
  fail(health, 1);
  clock.tick(100);
  assertEquals(probes.length, 31);
  health.stop();
});

Deno.test("ServerHealth draws each delay from the whole of its bound", () => {
  const clock = new FakeClock();
  const starts: number[] = [];
  for (let i = 0; i < 200; i++) {
    const { health, probes } = observe({ clock, failuresBeforeDead: 1 });
    fail(health, 1);
    const start = clock.now();
    clock.tickToNext();
    assertEquals(probes.length, 1);
    starts.push(clock.now() - start);
    health.stop();
  }
  // By chance alone, one of these fails once in 10^12 runs.
  assert(starts.some((delay) => delay < 15), "none is short");
  assert(starts.some((delay) => delay > 85), "none is long");
  assert(starts.every((delay) => delay <= 100), "one is too long");
});

Deno.test("ServerHealth is up when a probe is answered on any connection", async () => {
  const clock = new FakeClock();
  const { health, events, probes } = observe({ clock, failuresBeforeDead: 1 });
  fail(health, 1);
  clock.tickToNext();
  await settle();
  probes[0]!.resolve();
  await settle();
  assertEquals([health.isDown, health.failures, events], [false, 0, ["error", "down", "up"]]);
  assertEquals(clock.tickToNext(), false);
});

Deno.test("ServerHealth sends no second probe when it goes up and down while one is out", async () => {
  const clock = new FakeClock();
  const { health, probes } = observe({ clock, failuresBeforeDead: 1 });
  fail(health, 1);
  clock.tickToNext();
  await settle();
  health.answered();
  fail(health, 1);
  clock.tick(10_000);
  await settle();
  assertEquals(probes.length, 1);
  probes[0]!.reject(LATE);
  await settle();
  clock.tick(1000);
  await settle();
  assertEquals(probes.length, 2);
  clock.tick(10_000);
  await settle();
  assertEquals(probes.length, 2);
  health.stop();
});

Deno.test("ServerHealth leaves no timer when it has answered or is stopped", async () => {
  const clock = new FakeClock();
  const { health, probes } = observe({ clock, failuresBeforeDead: 1 });
  fail(health, 1);
  health.answered();
  assertEquals(clock.tickToNext(), false);
  fail(health, 1);
  clock.tickToNext();
  await settle();
  health.stop();
  probes[0]!.reject(RESET);
  await settle();
  assertEquals(clock.tickToNext(), false);
});

Deno.test("ServerHealth counts nothing once it is stopped", () => {
  const { health, events } = observe({ failuresBeforeDead: 1 });
  health.stop();
  fail(health, 3);
  assertEquals([health.failures, health.isDown, events], [0, false, []]);
});

Deno.test('ServerHealth can be stopped by a listener of its "down" event', () => {
  const clock = new FakeClock();
  const { health } = observe({
    clock,
    failuresBeforeDead: 1,
    report: (type) => type === "down" && health.stop(),
  });
  fail(health, 1);
  assertEquals(clock.tickToNext(), false);
});

Deno.test("ServerHealth.refusal says why, with the last failure as its cause", () => {
  const { health } = observe();
  fail(health, 2);
  assertEquals(health.refusal, undefined);
  fail(health, 1, LATE);
  const { refusal } = health;
  assertInstanceOf(refusal, SocketError);
  assertEquals([refusal.server, refusal.cause], ["cache.test:11211", LATE]);
  assertStringIncludes(refusal.message, "it is down after 3 failures in a row, the last: late");
  health.stop();
});

Deno.test("ServerHealth.refusal lets operations dial what refuses, where that is asked for", () => {
  const { health } = observe({ dialsRefusing: true });
  fail(health, 3, RESET);
  assertEquals([health.isDown, health.refusal], [true, undefined]);
  fail(health, 1, LATE);
  assertInstanceOf(health.refusal, SocketError);
  health.stop();
});
