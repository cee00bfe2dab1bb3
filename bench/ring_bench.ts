/** The rings by themselves. Run with `deno bench bench/ring_bench.ts`. */

import { Client, type LocatorFactory, moecacheRing, type Server } from "../mod.ts";
import {
  crc32Modulo,
  dalliRing,
  enyimCoreRing,
  enyimKetama,
  ketama,
  libmemcachedRing,
  memjsModulo,
  modula,
  npmMemcacheModula,
  npmMemcacheRing,
  pythonMemcachedModulo,
  rendezvous,
  spymemcachedKetama,
  spymemcachedModulo,
  twemproxyModula,
} from "../src/routing/mod.ts";

const LOCATORS: readonly LocatorFactory[] = [
  moecacheRing,
  enyimCoreRing,
  enyimKetama,
  ketama,
  libmemcachedRing,
  dalliRing,
  npmMemcacheRing,
  spymemcachedKetama,
  modula,
  twemproxyModula,
  crc32Modulo,
  memjsModulo,
  npmMemcacheModula,
  pythonMemcachedModulo,
  spymemcachedModulo,
  rendezvous,
];

/** 50 servers; another list for each number. */
function serverList(number: number): Server[] {
  return Array.from(
    { length: 50 },
    (_, i) => ({ name: `10.0.${number}.${i + 1}:11211`, weight: 1 }),
  );
}

/** More than are remembered, so that each is made again when its turn comes. */
const LISTS = Array.from({ length: 32 }, (_, i) => serverList(i));
const [servers = []] = LISTS;
const keys = Array.from({ length: 1024 }, (_, i) => `user:profile:${1_000_000 + i * 7919}`);

for (const factory of LOCATORS) {
  const locator = factory(servers);
  let at = 0;
  Deno.bench({ name: factory.name, group: "a key located among 50 servers" }, () => {
    locator.locate(keys[at++ & 1023]!);
  });
}

for (const factory of LOCATORS) {
  let at = 0;
  Deno.bench({ name: factory.name, group: "50 servers placed for the first time" }, () => {
    factory(LISTS[at++ & 31]!);
  });
}

for (const factory of LOCATORS) {
  Deno.bench({ name: factory.name, group: "50 servers placed again" }, () => {
    factory(servers);
  });
}

const addresses = LISTS.map((list) => list.map(({ name }) => name));
let turn = 0;

Deno.bench("a client of 50 servers made for the first time", { group: "a client" }, () => {
  new Client(addresses[turn++ & 31]!);
});
Deno.bench("a client of 50 servers made again", { group: "a client" }, () => {
  new Client(addresses[0]!);
});
