import { assertEquals } from "@std/assert";
import { type CounterCommands, RisingCounter } from "../../src/features/rising_counter.ts";

Deno.test("RisingCounter is remembered among the last 10,000 that were used, and no longer", async () => {
  const commands: CounterCommands = {
    incr: () => Promise.resolve(7n),
    withTranscoder: () => {
      throw new Error("its number is not old");
    },
  };
  const counters = Array.from({ length: 10_001 }, (_, i) => new RisingCounter(commands, `${i}`));
  for (const counter of counters.slice(0, -1)) await counter.peek();
  // It is used again, so another one is the first to be forgotten.
  await counters[0]!.peek();
  await counters.at(-1)!.peek();
  const known = [0, 1, 2, 10_000].map((i) => counters[i]!.known);
  assertEquals(known, [7n, undefined, 7n, 7n]);
});
