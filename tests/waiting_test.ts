import { assertEquals } from "@std/assert";
import { lazily, systemClock, type Timers, untilAborted, watchSignal } from "../src/waiting.ts";
import { deferred } from "../src/waiting/promises.ts";
import { busyClock, DeadlineTimer, pause } from "../src/waiting/timers.ts";
import { CountedSignal } from "./support/counted_signal.ts";
import { FakeClock } from "./support/fake_clock.ts";

const reasonOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((reason) => reason);

Deno.test("all that waits on a signal shares one listener", async () => {
  const { signal, listeners, abort } = new CountedSignal();
  const { promise, resolve } = deferred<string>();
  const waiting = Array.from({ length: 1000 }, () => untilAborted(promise, signal));
  const pauses = Array.from({ length: 1000 }, () => reasonOf(pause(systemClock, 60_000, signal)));
  assertEquals(listeners(), { present: 1, most: 1 });
  resolve("value");
  assertEquals(new Set(await Promise.all(waiting)), new Set(["value"]));
  abort("enough");
  assertEquals(new Set(await Promise.all(pauses)), new Set(["enough"]));
});

Deno.test("an operation that has ended leaves no listener", async () => {
  const { signal, listeners } = new CountedSignal();
  await Promise.all([untilAborted(Promise.resolve(), signal), pause(systemClock, 0, signal)]);
  assertEquals(listeners(), { present: 0, most: 1 });
});

Deno.test("untilAborted and pause end at once where the signal is aborted already", async () => {
  const signal = AbortSignal.abort("enough");
  const { promise, reject } = deferred<void>();
  assertEquals(await reasonOf(untilAborted(promise, signal)), "enough");
  assertEquals(await reasonOf(pause(systemClock, 60_000, signal)), "enough");
  reject("nothing waits for this");
});

Deno.test("watchSignal abandons present watchers, and no former ones", () => {
  const stop = new AbortController();
  const abandoned: unknown[] = [];
  const watch = (name: string) =>
    watchSignal(stop.signal, { abandon: (reason) => abandoned.push(`${name}: ${reason}`) });
  const ends = [watch("a"), watch("b"), watch("c")];
  ends[1]!();
  stop.abort("enough");
  assertEquals(abandoned, ["a: enough", "c: enough"]);
  for (const end of ends) end();
});

Deno.test("lazily loads once for all callers, and again after a failure", async () => {
  let calls = 0;
  const load = lazily(async () => {
    if (await Promise.resolve(++calls) === 1) throw new Error("no luck");
    return calls;
  });
  const failed = await Promise.all([load(), load()].map(reasonOf));
  const said = "ClientException: Cannot load the client: no luck";
  assertEquals(failed.map(String), [said, said]);
  assertEquals(await Promise.all([load(), load()]), [2, 2]);
  assertEquals(await load(), 2);
});

Deno.test("DeadlineTimer says that a deadline is over even if a test has stopped the clock", () => {
  const timers = new FakeClock();
  const clock = { now: () => 0, after: timers.after.bind(timers) };
  const times: number[] = [];
  const timer = new DeadlineTimer(clock, (now) => times.push(now));
  timer.arm(100);
  timers.tick(99);
  assertEquals(times, []);
  timers.tick(1);
  assertEquals(times, [100]);
});

Deno.test("a timer that keeps the process alive is set and cleared as workers take it: by no method", async () => {
  const called: unknown[] = [];
  const timers = [
    function (this: unknown): number {
      called.push(this);
      return 1;
    },
    function (this: unknown): void {
      called.push(this);
    },
  ] as unknown as Timers;
  const { promise, resolve } = deferred<void>();
  busyClock(timers).after(1, resolve);
  await promise;
  assertEquals(called, [undefined, undefined]);
});

Deno.test("a timer that keeps the process alive fires where timers had been replaced before", async () => {
  const { promise, resolve } = deferred<void>();
  const replaced = [() => 1, () => {}] as unknown as Timers;
  busyClock(replaced).after(1, resolve);
  await promise;
});
