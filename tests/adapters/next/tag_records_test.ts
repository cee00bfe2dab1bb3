import { assert, assertEquals } from "@std/assert";
import {
  emptyRecords,
  hashTag,
  judge,
  MOST_TAGS,
  type TagRecords,
  type Verdict,
  withRevalidation,
} from "../../../src/adapters/next/tag_records.ts";
import { chooseSeed, Random } from "../../chaos/random.ts";

/** A revalidation, as a list without limits would keep it. */
interface Revalidation {
  readonly number: number;
  readonly tag: string;
  readonly deadline: number;
}

/** What ought to be said, without any limit on what is remembered. */
function expected(
  revalidations: readonly Revalidation[],
  { tag, rendered, now }: { tag: string; rendered: number; now: number },
): Verdict {
  const later = revalidations.filter((one) => one.tag === tag && rendered < one.number);
  if (later.some(({ deadline }) => deadline <= now)) return "expired";
  return later.length > 0 ? "stale" : "fresh";
}

/** The numbers from 1 on, as processes that do not wait for each other write them. */
function nearlyInOrder(most: number, random: Random): number[] {
  const numbers = Array.from({ length: most }, (_, i) => i + 1);
  for (let i = 1; i < most; i++) {
    const [number] = numbers.splice(i, 1);
    if (number !== undefined) numbers.splice(i - random.below(Math.min(i + 1, 4)), 0, number);
  }
  return numbers;
}

const RANKS: readonly Verdict[] = ["fresh", "stale", "expired"];

Deno.test("judge() serves an entry until the earliest deadline of its tags", () => {
  let records = emptyRecords(5);
  assertEquals(judge(records, "a", 4, 0), "expired");
  assertEquals(judge(records, "a", 5, 0), "fresh");
  records = withRevalidation(records, 6, new Map([["a", 100], ["b", Infinity]]), 50);
  records = withRevalidation(records, 7, new Map([["a", 200]]), 60);
  assertEquals(judge(records, "a", 5, 60), "stale");
  assertEquals(judge(records, "a", 5, 100), "expired");
  assertEquals(judge(records, "a", 6, 100), "stale");
  assertEquals(judge(records, "a", 6, 200), "expired");
  assertEquals(judge(records, "a", 7, 1000), "fresh");
  assertEquals(judge(records, "b", 5, 1e15), "stale");
  assertEquals(judge(records, "__proto__", 5, 1000), "fresh");
  // A later revalidation without a deadline makes nothing of the earlier ones undone.
  records = withRevalidation(records, 8, new Map([["a", Infinity]]), 150);
  assertEquals(judge(records, "a", 5, 150), "expired");
  assertEquals(judge(records, "a", 7, 1e15), "stale");
  records = withRevalidation(records, 9, new Map([["a", 0]]), 150);
  assertEquals(judge(records, "a", 8, 150), "expired");
  assertEquals(JSON.parse(JSON.stringify(records)), records);
});

Deno.test("withRevalidation() takes revalidations in any order", () => {
  const deadlines = [0, 100, 200, Infinity];
  const starts = deadlines.flatMap((five) =>
    deadlines.map((six) => [[5, five], [6, six]] as const)
  );
  // Two processes may also read the same number.
  const doubles = deadlines.flatMap((one) => deadlines.map((two) => [[6, one], [6, two]] as const));
  for (const revalidations of [...starts, ...doubles]) {
    const inOrder = revalidations.reduce(write, emptyRecords(1));
    const outOfOrder = revalidations.toReversed().reduce(write, emptyRecords(1));
    for (
      const [rendered, now] of [4, 5, 6].flatMap((n) => [[n, 60], [n, 150], [n, 250]] as const)
    ) {
      const list = revalidations.map(([number, deadline]) => ({ number, tag: "a", deadline }));
      const right = expected(list, { tag: "a", rendered, now });
      const said = [inOrder, outOfOrder].map((records) => judge(records, "a", rendered, now));
      assertEquals(said, [right, right], `${JSON.stringify(revalidations)}: ${rendered} at ${now}`);
    }
  }
  function write(records: TagRecords, [number, deadline]: readonly [number, number]): TagRecords {
    return withRevalidation(records, number, new Map([["a", deadline]]), 50);
  }
});

Deno.test("withRevalidation() forgets the tags that were revalidated longest ago, and what is older expires", () => {
  let records = emptyRecords(1);
  for (let i = 0; i <= MOST_TAGS; i++) {
    records = withRevalidation(records, i + 2, new Map([[`${i}`.padStart(9, "t"), 0]]), 1);
  }
  assertEquals(Object.keys(records.tags).length, MOST_TAGS);
  assertEquals(judge(records, "other", 1, 1), "expired");
  assertEquals(judge(records, "other", 2, 1), "fresh");
  assertEquals(judge(records, "tttttttt1", 2, 1), "expired");
});

Deno.test("records never serve longer than a list of all revalidations would", () => {
  const seed = chooseSeed();
  const random = new Random(seed);
  let [kept, all] = [0, 0];
  for (let round = 0; round < 200; round++) {
    const tags = Array.from({ length: 1 + random.below(4) }, (_, i) => `tag${i}`);
    const revalidations: Revalidation[] = [];
    let records: TagRecords = emptyRecords(0);
    let now = 0;
    for (const number of nearlyInOrder(30, random)) {
      now += random.below(20);
      const deadlines = new Map<string, number>();
      for (const tag of tags) {
        if (random.below(3) > 0) continue;
        const deadline = [0, now + random.below(200), Infinity][random.below(3)] ?? 0;
        deadlines.set(tag, deadline);
        revalidations.push({ number, tag, deadline });
      }
      records = withRevalidation(records, number, deadlines, now);
      const asked = { tag: tags[0] ?? "", rendered: random.below(number + 2), now };
      for (const time of [now, now + random.below(100)]) {
        const right = expected(revalidations, { ...asked, now: time });
        const said = judge(records, asked.tag, asked.rendered, time);
        const isSafe = RANKS.indexOf(said) >= RANKS.indexOf(right);
        assert(isSafe, `seed ${seed}, round ${round}: ${said} instead of ${right}`);
        all++;
        if (said === right) kept++;
      }
    }
  }
  // Only more deadlines at once than are remembered may make the verdict worse than it must be.
  assert(kept > all * 0.9, `seed ${seed}: ${kept} of ${all}`);
});

Deno.test("hashTag() spreads tags over the table", () => {
  const tags = Array.from({ length: 10_000 }, (_, i) => `_N_T_/product/${i}`);
  const names = new Set(tags.map((tag) => hashTag(tag).join()));
  assertEquals(names.size, tags.length);
  const counts = Map.groupBy(tags, (tag) => hashTag(tag)[0] % 256);
  assertEquals(counts.size, 256);
  for (const [part, { length }] of counts) assert(length < 200, `${part}: ${length}`);
});
