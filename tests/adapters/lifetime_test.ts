import { assert, assertEquals } from "@std/assert";
import { exptimeOf } from "../../src/adapters/lifetime.ts";

Deno.test("exptimeOf() is never early, and up to two seconds late", () => {
  assertEquals([1, 1000, 1001, 60_000].map(exptimeOf), [2, 2, 3, 61]);
  assertEquals(exptimeOf(Infinity), 0);
});

Deno.test("exptimeOf() is absolute above 30 days, and at the end of memcached's time at most", () => {
  const days = 31 * 24 * 60 * 60 * 1000;
  const late = (exptimeOf(days) as Date).getTime() - Date.now() - days;
  assert(late > 0 && late <= 1000, `${late}`);
  assertEquals(exptimeOf(1e15), new Date(0x7fffffff * 1000));
});

Deno.test("exptimeOf() of a lifetime that has ended is in the past", () => {
  assert((exptimeOf(-1) as Date).getTime() < Date.now() + 1);
});
