/** The client under fire for a few seconds; `deno task chaos` does the same for the given time. */

import { assertEquals } from "@std/assert";
import { memcachedPath } from "../support/memcached.ts";
import { withSeed } from "./random.ts";
import { runRound } from "./round.ts";

const ROUND = 2000;

for (let round = 0; round < 8; round++) {
  Deno.test({
    name: `Client gives correct answers and settles in time under faults (round ${round})`,
    ignore: memcachedPath() === undefined,
    fn: () =>
      withSeed(async (seed) => {
        const tally = await runRound(seed, round, ROUND);
        assertEquals(tally.failures(), [], tally.toString());
      }),
  });
}
