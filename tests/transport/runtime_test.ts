import { assertEquals, assertRejects } from "@std/assert";
import { inTime } from "../../src/transport/byte_channel.ts";
import { afterTurn } from "../../src/transport/event_loop.ts";
import { timeToNextAddress } from "../../src/transport/attempts.ts";
import { builtinModule } from "../../src/transport/runtime_features.ts";
import { systemClock } from "../../src/waiting.ts";

const TIMERS = ["setTimeout", "clearTimeout", "setInterval", "setImmediate", "clearImmediate"];

/** Makes of the globals what fake timers make of them: nothing is ever due. */
function withFakeTimers(): Disposable {
  const own = TIMERS.map((name) => [name, Reflect.get(globalThis, name)] as const);
  for (const name of TIMERS) Reflect.set(globalThis, name, () => 1);
  return {
    [Symbol.dispose]() {
      for (const [name, value] of own) Reflect.set(globalThis, name, value);
    },
  };
}

Deno.test("afterTurn calls back under fake timers", async () => {
  using _ = withFakeTimers();
  await new Promise<void>((resolve) => afterTurn(resolve));
});

Deno.test("afterTurn calls back after everything that is due in this turn", async () => {
  const order: string[] = [];
  const turned = new Promise<void>((resolve) => afterTurn(() => resolve(void order.push("turn"))));
  queueMicrotask(() => order.push("microtask"));
  await Promise.resolve().then(() => order.push("promise"));
  await turned;
  assertEquals(order, ["microtask", "promise", "turn"]);
});

Deno.test("afterTurn does not call back when it is called off", async () => {
  let calls = 0;
  const cancel = afterTurn(() => calls++);
  cancel();
  await new Promise<void>((resolve) => afterTurn(resolve));
  await new Promise<void>((resolve) => systemClock.after(10, resolve));
  assertEquals(calls, 0);
});

Deno.test("inTime waits for a promise, and no longer than it is to", async () => {
  await inTime(Promise.resolve(), 60_000);
  await assertRejects(() => inTime(Promise.reject(new Error("no")), 60_000), Error, "no");
  await inTime(new Promise(() => {}), 5);
});

Deno.test("builtinModule loads what the runtime has, and says what it lacks", async () => {
  const { isIP } = await builtinModule<{ isIP(text: string): number }>("node:net");
  assertEquals(isIP("::1"), 6);
  await assertRejects(() => builtinModule("node:no_such_module"));
});

Deno.test("timeToNextAddress is a share of the time, within what RFC 8305 recommends", () => {
  assertEquals(timeToNextAddress(100, 3), 25);
  assertEquals(timeToNextAddress(100, 2), 34);
  assertEquals(timeToNextAddress(undefined, 2), 250);
  assertEquals(timeToNextAddress(10_000, 2), 250);
  assertEquals(timeToNextAddress(5, 2), 10);
});
