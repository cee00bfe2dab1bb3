import { assert, assertEquals } from "@std/assert";
import { moecacheRing } from "../../src/routing/moecache_ring.ts";
import enyim from "../vectors/enyim_ring.json" with { type: "json" };
import moecache from "../vectors/moecache_ring.json" with { type: "json" };

type Address = readonly (string | number)[];

function ringOf(servers: readonly Address[]): (key: string) => number {
  const locator = moecacheRing(
    servers.map(([host, port]) => ({ name: `${host}:${port}`, weight: 1 })),
  );
  return (key) => locator.locate(key);
}

for (const ring of moecache.rings) {
  Deno.test(`moecacheRing chooses as Python moecache does: ${ring.name}`, () => {
    const locate = ringOf(ring.servers);
    assertEquals(moecache.keys.map(locate), ring.serverOfKey);
    for (const { key, why, server } of ring.extra) assertEquals(locate(key), server, why);
  });
}

for (const ring of enyim.rings) {
  Deno.test(`moecacheRing chooses as EnyimMemcached's DefaultNodeLocator does: ${ring.name}`, () => {
    const locate = ringOf(ring.servers);
    assertEquals(enyim.keys.map(locate), ring.DefaultNodeLocator.serverOfKey);
    assertEquals(ring.extraKeys.map(locate), ring.DefaultNodeLocator.extra);
  });
}

Deno.test("moecacheRing locates every key of a fleet of 2,000 servers", () => {
  const servers = Array.from({ length: 2000 }, (_, i) => [`10.0.${i >> 8}.${i & 255}`, 11211]);
  const locate = ringOf(servers);
  const used = new Set(Array.from({ length: 100_000 }, (_, i) => locate(`key:${i}`)));
  assert(used.size > 1900, `${used.size} of 2000 servers used`);
});
