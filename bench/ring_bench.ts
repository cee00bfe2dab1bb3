/** The ring by itself. Run with `deno bench bench/ring_bench.ts`. */

import type { Server } from "../src/routing/locator.ts";
import { moecacheRing } from "../src/routing/moecache_ring.ts";

const servers = Array.from(
  { length: 50 },
  (_, i): Server => ({ name: `10.0.0.${i + 1}:11211`, weight: 1 }),
);
const ring = moecacheRing(servers);

Deno.bench("a ring of 50 servers made", () => {
  moecacheRing(servers);
});
Deno.bench("a key located among 50 servers", () => {
  ring.locate("user:profile:1234567");
});
