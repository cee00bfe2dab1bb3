import { assertEquals } from "@std/assert";
import { StallTimer } from "../../src/connection/stall_timer.ts";
import type { Clock } from "../../src/waiting.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** A clock whose timers are late when the process was held up. */
class HeldUpClock implements Clock {
  readonly #clock = new FakeClock();
  #heldUp = 0;

  now(): number {
    return this.#clock.now() + this.#heldUp;
  }

  after(delay: number, callback: () => void): () => void {
    return this.#clock.after(delay, callback);
  }

  tick(milliseconds: number): void {
    this.#clock.tick(milliseconds);
  }

  /** Lets time pass in which nothing can run. */
  holdUp(milliseconds: number): void {
    this.#heldUp += milliseconds;
  }
}

/** A timer of 10,000 ms, whether something waits, and whether it has stalled. */
function watch(clock: Clock, stallTimeout = 10_000) {
  const state = { isWaiting: true, stalls: 0, timer: undefined as unknown as StallTimer };
  const isWaiting = () => state.isWaiting;
  state.timer = new StallTimer({ clock, stallTimeout }, isWaiting, () => state.stalls++);
  return state;
}

Deno.test("StallTimer calls once nothing has come for its time", () => {
  const clock = new FakeClock();
  const state = watch(clock);
  state.timer.start();
  clock.tick(9_999);
  assertEquals(state.stalls, 0);
  clock.tick(1);
  assertEquals(state.stalls, 1);
  clock.tick(100_000);
  assertEquals([state.stalls, clock.pending], [1, 0]);
});

Deno.test("StallTimer calls even if a test has stopped the clock", () => {
  const timers = new FakeClock();
  const clock = { now: () => 0, after: timers.after.bind(timers) };
  const state = watch(clock);
  state.timer.start();
  timers.tick(10_000);
  assertEquals(state.stalls, 1);
});

Deno.test("StallTimer begins again whenever something comes, and is late by a quarter of its time at most", () => {
  for (let heardAt = 0; heardAt <= 20_000; heardAt += 500) {
    const clock = new FakeClock();
    const state = watch(clock);
    state.timer.start();
    for (let time = 0; time < heardAt; time += 500) {
      clock.tick(500);
      state.timer.heard();
    }
    clock.tick(9_999);
    assertEquals(state.stalls, 0, `heard at ${heardAt}`);
    clock.tick(2_501);
    assertEquals(state.stalls, 1, `heard at ${heardAt}`);
  }
});

Deno.test("StallTimer stops when nothing waits, and does not count that time", () => {
  const clock = new FakeClock();
  const state = watch(clock);
  state.timer.start();
  clock.tick(9_000);
  state.isWaiting = false;
  clock.tick(60_000);
  assertEquals([state.stalls, clock.pending], [0, 0]);
  state.isWaiting = true;
  state.timer.start();
  clock.tick(9_999);
  assertEquals(state.stalls, 0);
  clock.tick(1);
  assertEquals(state.stalls, 1);
});

Deno.test("StallTimer leaves out time in which the process stood still", () => {
  const clock = new HeldUpClock();
  const state = watch(clock);
  state.timer.start();
  for (let minute = 0; minute < 10; minute++) {
    clock.tick(2_000);
    clock.holdUp(60_000);
    clock.tick(500);
  }
  assertEquals(state.stalls, 0);
  clock.tick(9_999);
  assertEquals(state.stalls, 0);
  clock.tick(1);
  assertEquals(state.stalls, 1);
});

Deno.test("StallTimer counts on when the process stood still for a while", () => {
  const clock = new HeldUpClock();
  const state = watch(clock);
  state.timer.start();
  clock.tick(7_500);
  clock.holdUp(60_000);
  // One look is worth nothing.
  clock.tick(4_999);
  assertEquals(state.stalls, 0);
  clock.tick(1);
  assertEquals(state.stalls, 1);
});

Deno.test("StallTimer takes what has come just then, before it calls", () => {
  for (const hasCome of [true, false]) {
    let now = 0;
    const looks: (() => void)[] = [];
    const state = watch({
      now: () => now,
      after(delay, look) {
        looks.push(() => {
          now += delay;
          look();
        });
        return () => {};
      },
    });
    state.timer.start();
    while (now < 10_000) looks.shift()!();
    assertEquals(state.stalls, 0);
    if (hasCome) state.timer.heard();
    looks.shift()!();
    assertEquals([now, state.stalls], [10_000, hasCome ? 0 : 1]);
  }
});

Deno.test("StallTimer ends after a short time even if the machine is slow", () => {
  const clock = new HeldUpClock();
  const state = watch(clock, 20);
  state.timer.start();
  // Each look is late, by more than the time between two.
  for (let look = 0; look < 3; look++) {
    clock.holdUp(20);
    clock.tick(5);
  }
  assertEquals(state.stalls, 1);
});

Deno.test("StallTimer sets no timer without a limit, and never two timers", () => {
  const clock = new FakeClock();
  watch(clock, Infinity).timer.start();
  assertEquals(clock.pending, 0);
  const { timer } = watch(clock);
  timer.start();
  timer.start();
  assertEquals(clock.pending, 1);
  timer.stop();
  assertEquals(clock.pending, 0);
});
