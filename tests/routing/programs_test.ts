/** Every choice that other programs were seen to make. */

import { assert, assertEquals } from "@std/assert";
import type { LocatorFactory } from "../../src/routing/locator.ts";
import {
  crc32Modulo,
  enyimCoreRing,
  enyimKetama,
  ketama,
  memjsModulo,
} from "../../src/routing/mod.ts";
import enyim from "../vectors/enyim_ring.json" with { type: "json" };
import gomemcache from "../vectors/gomemcache_modulo.json" with { type: "json" };
import dalliFailover from "../vectors/dalli_failover.json" with { type: "json" };
import memjs from "../vectors/memjs_modulo.json" with { type: "json" };
import more from "../vectors/ketama_ring_more.json" with { type: "json" };
import vectors from "../vectors/ketama_ring.json" with { type: "json" };
import pythonMemcached from "../vectors/python_memcached_modulo.json" with { type: "json" };
import spymemcached from "../vectors/spymemcached_ring.json" with { type: "json" };
import sockets from "../vectors/unix_socket_ring.json" with { type: "json" };
import { LOCATOR_OF_CASE } from "./program_cases.ts";
import { serversOf, type VectorServer } from "./servers_of.ts";

interface Vectors {
  readonly cases: Record<string, { readonly program: string; readonly weighted: boolean }>;
  readonly keys: readonly string[];
  readonly lists: readonly {
    readonly name: string;
    readonly servers: readonly VectorServer[];
    readonly serverOfKey: Record<string, readonly number[] | undefined>;
  }[];
}

/** Vectors of choices made while some servers were dead. */
interface FailoverVectors extends Vectors {
  readonly withDeadServers: readonly {
    readonly list: string;
    readonly case: string;
    readonly dead: readonly number[];
    /** -1 for a key that had no server. */
    readonly serverOfKey: readonly number[];
  }[];
}

const ALL: readonly Vectors[] = [vectors, more, sockets, spymemcached, pythonMemcached];

for (const { cases, keys, lists } of ALL) {
  for (const [id, { program, weighted }] of Object.entries(cases)) {
    Deno.test(`a locator chooses as ${program} does: ${id}, ${lists.length} lists`, () => {
      const factory = LOCATOR_OF_CASE[id];
      assert(factory !== undefined, `no locator for ${id}`);
      const checked = lists.filter(({ name, servers, serverOfKey }) => {
        const expected = serverOfKey[id];
        if (expected === undefined) return false;
        const locator = factory(serversOf(servers, weighted));
        assertEquals(keys.map((key) => locator.locate(key)), expected, name);
        return true;
      });
      assert(checked.length >= 4, `only ${checked.length} lists have ${id}`);
    });
  }
}

for (
  const { cases, keys, lists, withDeadServers } of [
    dalliFailover,
    spymemcached,
    pythonMemcached,
  ] as readonly FailoverVectors[]
) {
  for (const { list, case: id, dead, serverOfKey } of withDeadServers) {
    Deno.test(`locateUp chooses as ${id} does: ${list} without ${dead}`, () => {
      const { servers } = lists.find(({ name }) => name === list)!;
      const locator = LOCATOR_OF_CASE[id]!(serversOf(servers, cases[id]!.weighted));
      const isUp = (index: number) => !dead.includes(index);
      assertEquals(keys.map((key) => locator.locateUp!(key, isUp)), serverOfKey);
    });
  }
}

Deno.test("ketama chooses as npm memcached does in all of ketama_ring.json", () => {
  for (const { name, servers, serverOfKey } of vectors.lists) {
    const locator = ketama(serversOf(servers, true));
    const chosen = vectors.keys.map((key) => locator.locate(key));
    assertEquals(chosen, serverOfKey["npm-memcached-weighted"], name);
  }
});

Deno.test("ketama with float32 arithmetic parts from float64 at 25 and 47 equal servers", () => {
  for (const { name, servers, serverOfKey } of more.lists.slice(0, 2)) {
    const single = ketama(serversOf(servers));
    const chosen = more.keys.map((key) => single.locate(key));
    assertEquals(chosen, serverOfKey["lm-ketama-weighted"], name);
    const parted = chosen.filter((server, i) =>
      server !== serverOfKey["npm-memcached-weighted"]?.[i]
    );
    assert(parted.length > 0, name);
  }
});

const modulos: [LocatorFactory, string, typeof memjs][] = [
  [crc32Modulo, "gomemcache", gomemcache],
  [memjsModulo, "memjs", memjs],
];
for (const [factory, program, { keys, lists }] of modulos) {
  for (const { name, servers, serverOfKey } of lists) {
    Deno.test(`${factory.name} chooses as ${program} does: ${name}`, () => {
      const locator = factory(serversOf(servers));
      // gomemcache hands out addresses: of a server that is listed twice, the vectors have the first.
      const names = servers.map((server) => `${server}`);
      const byName = program === "gomemcache";
      const chosen = keys.map((key) => locator.locate(key));
      assertEquals(chosen.map((i) => byName ? names.indexOf(names[i]!) : i), serverOfKey);
    });
  }
}

for (const ring of enyim.rings) {
  Deno.test(`enyimCoreRing chooses as EnyimMemcachedCore's DefaultNodeLocator does: ${ring.name}`, () => {
    const locator = enyimCoreRing(serversOf(ring.servers));
    const { serverOfKey, extra } = ring.forkDefaultNodeLocator;
    assertEquals(enyim.keys.map((key) => locator.locate(key)), serverOfKey);
    assertEquals(ring.extraKeys.map((key) => locator.locate(key)), extra);
  });

  Deno.test(`enyimKetama chooses as EnyimMemcached's KetamaNodeLocator does: ${ring.name}`, () => {
    const locator = enyimKetama(serversOf(ring.servers));
    const { serverOfKey, extra } = ring.KetamaNodeLocator;
    assertEquals(enyim.keys.map((key) => locator.locate(key)), serverOfKey);
    assertEquals(ring.extraKeys.map((key) => locator.locate(key)), extra);
  });
}
