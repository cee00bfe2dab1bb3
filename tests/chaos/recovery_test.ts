import { assertEquals } from "@std/assert";
import { memcachedPath } from "../support/memcached.ts";
import { Random, withSeed } from "./random.ts";
import { recover } from "./recovery.ts";

const CYCLES = 10;

Deno.test({
  name: "Client loses only operations under way when memcached is killed and restarted",
  ignore: memcachedPath() === undefined,
  fn: () =>
    withSeed(async (seed) => {
      const { first, last } = await recover(new Random(seed), CYCLES);
      assertEquals(last.handles, first.handles);
    }),
});
