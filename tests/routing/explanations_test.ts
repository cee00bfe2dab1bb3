import { assert, assertEquals, assertThrows } from "@std/assert";
import { ValidationException } from "../../src/errors.ts";
import { type LocatorFactory, moecacheRing, type Server } from "../../mod.ts";
import {
  crc32Modulo,
  dalliRing,
  enyimCoreRing,
  enyimKetama,
  ketama,
  type KetamaOptions,
  libmemcachedRing,
  memjsModulo,
  modula,
  npmMemcacheModula,
  npmMemcacheRing,
  pythonMemcachedModulo,
  rendezvous,
  spymemcachedKetama,
  type SpymemcachedKetamaOptions,
  spymemcachedModulo,
  twemproxyModula,
} from "../../src/routing/mod.ts";

const RINGS = [
  moecacheRing,
  enyimCoreRing,
  enyimKetama,
  ketama,
  libmemcachedRing,
  dalliRing,
  npmMemcacheRing,
  spymemcachedKetama,
];
const OTHERS = [
  modula,
  twemproxyModula,
  crc32Modulo,
  memjsModulo,
  npmMemcacheModula,
  pythonMemcachedModulo,
  rendezvous,
  spymemcachedModulo,
];
const WEIGHTED = [
  ketama,
  libmemcachedRing,
  dalliRing,
  npmMemcacheRing,
  spymemcachedKetama,
  twemproxyModula,
  npmMemcacheModula,
  pythonMemcachedModulo,
];
const SERVERS: Server[] = [
  { name: "10.0.0.1:11211", weight: 1 },
  { name: "10.0.0.20:11213", weight: 2 },
  { name: "192.168.1.4:11211", weight: 3 },
];
const KEYS = Array.from({ length: 3000 }, (_, i) => `user:${i}`);

for (const factory of RINGS) {
  Deno.test(`${factory.name} explains each key by a point of its server, truthfully`, () => {
    const locator = factory(SERVERS);
    const seen = new Set<string>();
    const pointsByLabel = new Map<string, Set<number>>();
    for (const key of KEYS) {
      const { algorithm, keyHash, point, why } = locator.explain!(key);
      assertEquals(algorithm, factory.name);
      assert(typeof keyHash === "number" && point !== undefined);
      const [host] = SERVERS[locator.locate(key)]!.name.split(":");
      assert(point.label.includes(host!), `${point.label} of ${host}`);
      assert(point.position >= 1 && point.position <= point.of);
      assert(isTrue(why, keyHash, point.hash, point.position, point.of), why);
      seen.add(why);
      const points = pointsByLabel.get(point.label) ?? new Set();
      pointsByLabel.set(point.label, points.add(point.hash));
    }
    assert(seen.size >= 2, "no key beyond the ends of the ring");
    // A digest has at most five words, so no label has more points.
    for (const [label, { size }] of pointsByLabel) assert(size <= 5, `${size} points of ${label}`);
  });
}

/** Whether a reason agrees with the numbers. */
function isTrue(why: string, hash: number, point: number, position: number, of: number): boolean {
  if (why.startsWith("the first point not below")) return point >= hash;
  if (why.startsWith("the last point not above")) return point <= hash;
  if (why.startsWith("past the last point")) return position === 1 && point < hash;
  return why.startsWith("below the first point") && position === of && point > hash;
}

Deno.test("explain distinguishes EnyimMemcached's wrap-around from the usual one", () => {
  for (const factory of [moecacheRing, enyimCoreRing, enyimKetama]) {
    const locator = factory(SERVERS);
    const reasons = KEYS.map((key) => locator.explain!(key).why);
    const below = reasons.filter((why) => why.includes("as in EnyimMemcached"));
    assert(below.length > 0, factory.name);
  }
});

for (const factory of OTHERS) {
  Deno.test(`${factory.name} explains a key without a point`, () => {
    const locator = factory(SERVERS);
    const { algorithm, hashFunction, keyHash, point, why } = locator.explain!("user:1");
    assertEquals([algorithm, typeof hashFunction, typeof keyHash], [
      factory.name,
      "string",
      "number",
    ]);
    assertEquals(point, undefined);
    assert(why.length > 0);
  });
}

Deno.test("modula and the other modulo rings name the remainder that chooses the server", () => {
  for (const factory of [modula, crc32Modulo, memjsModulo, spymemcachedModulo]) {
    const locator = factory(SERVERS);
    for (const key of KEYS.slice(0, 100)) {
      const { why } = locator.explain!(key);
      assertEquals(why, `the key's hash modulo 3 servers is ${locator.locate(key)}`);
    }
  }
  const { keyHash, why } = twemproxyModula(SERVERS).explain!("user:1");
  assert(why.startsWith(`the key's hash modulo 6 places, by weight, is ${Number(keyHash) % 6}: `));
});

for (const factory of [...RINGS, ...OTHERS] as LocatorFactory[]) {
  Deno.test(`${factory.name} gives every key to an only server, and says why`, () => {
    const locator = factory([{ name: "10.0.0.1:11211", weight: 1 }]);
    assertEquals(locator.locate("key"), 0);
    assertEquals(locator.explain!("key"), {
      algorithm: factory.name,
      why: "there is no other server",
    });
  });
}

for (const factory of WEIGHTED as LocatorFactory[]) {
  Deno.test(`${factory.name} gives a server more keys the heavier it is, and refuses half a weight`, () => {
    const locator = factory(SERVERS);
    const counts = [0, 0, 0];
    for (const key of KEYS) counts[locator.locate(key)]!++;
    assert(counts[0]! < counts[1]! && counts[1]! < counts[2]!, `${counts}`);
    for (const weight of [0.5, 0, -1, NaN, 2 ** 31]) {
      const servers = [SERVERS[0]!, { name: "10.0.0.2:11211", weight }];
      const error = assertThrows(() => factory(servers), ValidationException, "10.0.0.2:11211");
      assertEquals(error.item, weight);
    }
  });
}

Deno.test("the rings that docs/rings.md names use no weights", () => {
  const unweighted = ([...RINGS, ...OTHERS] as LocatorFactory[]).filter((factory) =>
    !(WEIGHTED as LocatorFactory[]).includes(factory)
  );
  assertEquals(unweighted.length, 8);
  for (const factory of unweighted) {
    const equal = factory(SERVERS.map(({ name }) => ({ name, weight: 1 })));
    const locator = factory(SERVERS);
    assert(KEYS.every((key) => locator.locate(key) === equal.locate(key)), factory.name);
  }
});

Deno.test("twemproxyModula and the other modulo rings accept weights of billions without using memory", () => {
  for (const factory of [twemproxyModula, npmMemcacheModula, pythonMemcachedModulo]) {
    const heavy = SERVERS.map((server) => ({ ...server, weight: 2 ** 31 - 1 }));
    const locator = factory(heavy);
    assert(KEYS.every((key) => SERVERS[locator.locate(key)] !== undefined));
  }
});

Deno.test("a locator refuses an unknown option, and lists the known ones", () => {
  const unknown = "x" as never;
  const refused: [string, () => unknown][] = [
    ["label", () => enyimCoreRing(SERVERS, { label: unknown })],
    ["label", () => moecacheRing(SERVERS, { label: unknown })],
    ["keyHash", () => ketama(SERVERS, { keyHash: unknown })],
    ["digest", () => ketama(SERVERS, { digest: unknown })],
    ["pointsPerDigest", () => ketama(SERVERS, { pointsPerDigest: 5 } as unknown as KetamaOptions)],
    ["defaultPort", () => ketama(SERVERS, { defaultPort: unknown })],
    ["arithmetic", () => ketama(SERVERS, { arithmetic: unknown })],
    ["socketLabel", () => ketama(SERVERS, { socketLabel: unknown })],
    ["hash", () => libmemcachedRing(SERVERS, { hash: unknown })],
    ["labels", () => libmemcachedRing(SERVERS, { labels: unknown })],
    ["socketLabel", () => libmemcachedRing(SERVERS, { socketLabel: unknown })],
    ["hash", () => modula(SERVERS, { hash: unknown })],
    ["hash", () => twemproxyModula(SERVERS, { hash: unknown })],
    ["hash", () => spymemcachedModulo(SERVERS, { hash: unknown })],
    ["hash", () => spymemcachedKetama(SERVERS, { hash: unknown })],
    ["labels", () => spymemcachedKetama(SERVERS, { labels: unknown })],
    ["hash", () => npmMemcacheRing(SERVERS, { hash: unknown })],
    ["hash", () => npmMemcacheModula(SERVERS, { hash: unknown })],
  ];
  for (const [option, make] of refused) {
    const error = assertThrows(make, ValidationException, `Cannot use ${option} `);
    assert(error.message.includes("it must be one of "), error.message);
  }
});

Deno.test("a locator refuses an option whose name is wrong, which would place nearly all keys elsewhere", () => {
  const locators = [
    enyimCoreRing,
    moecacheRing,
    ketama,
    libmemcachedRing,
    modula,
    twemproxyModula,
    spymemcachedModulo,
    spymemcachedKetama,
    npmMemcacheRing,
    npmMemcacheModula,
  ];
  for (const locator of locators) {
    const make = () => locator(SERVERS, { lable: "x" } as object);
    assertThrows(make, ValidationException, '"lable"', locator.name);
  }
});

Deno.test("a label of EnyimMemcachedCore's older releases is hashed as their DnsEndPoint is written", () => {
  for (const factory of [enyimCoreRing, moecacheRing]) {
    const named = factory(SERVERS, { label: "unspecified" });
    const spelled = factory(
      SERVERS.map(({ name, weight }) => ({ name: `Unspecified/${name}`, weight })),
    );
    assertEquals(KEYS.map((key) => named.locate(key)), KEYS.map((key) => spelled.locate(key)));
    assert(named.explain!("user:1").point?.label.includes("Unspecified/"));
  }
});

const SPY_HOSTS: Server[] = [
  { name: "cache-a.example.com:11211", weight: 1 },
  { name: "cache-b.example.com:11212", weight: 1 },
];
const SPY_ADDRESSES = { "cache-a.example.com": "10.9.0.1", "cache-b.example.com": "2001:db8::2" };

function labelsOf(servers: readonly Server[], options?: SpymemcachedKetamaOptions): Set<string> {
  const locator = spymemcachedKetama(servers, options);
  return new Set(KEYS.map((key) => locator.explain!(key).point!.label.replace(/-\d+$/, "")));
}

Deno.test("spymemcachedKetama hashes host names with their addresses, as Java writes them", () => {
  assertEquals(
    labelsOf(SPY_HOSTS, { addresses: SPY_ADDRESSES }),
    new Set([
      "cache-a.example.com/10.9.0.1:11211",
      "cache-b.example.com/[2001:db8:0:0:0:0:0:2]:11212",
    ]),
  );
  const written: Server[] = [
    { name: "cache-a.example.com/10.9.0.1:11211", weight: 1 },
    { name: "/10.9.0.2:11211", weight: 1 },
    { name: "[::ffff:10.9.0.3]:11211", weight: 1 },
  ];
  assertEquals(
    labelsOf(written),
    new Set(["cache-a.example.com/10.9.0.1:11211", "10.9.0.2:11211", "10.9.0.3:11211"]),
  );
});

Deno.test("spymemcachedKetama with libmemcached's labels needs no address", () => {
  assertEquals(
    labelsOf([...SPY_HOSTS, { name: "[2001:db8::2]:11211", weight: 1 }], {
      labels: "libmemcached",
    }),
    new Set(["cache-a.example.com", "cache-b.example.com:11212", "2001:db8:0:0:0:0:0:2"]),
  );
});

Deno.test("spymemcachedKetama refuses a host name without an address, unless it is the only server", () => {
  const addresses = { other: "10.0.0.1", name: "other", colons: "1:2" };
  for (const name of ["cache-a.example.com:11211", "constructor:11211", "name:1", "colons:1"]) {
    const error = assertThrows(
      () => spymemcachedKetama([SERVERS[0]!, { name, weight: 1 }], { addresses }),
      ValidationException,
      `Cannot use server "${name}"`,
    );
    assertEquals(error.item, name);
  }
  assertEquals(spymemcachedKetama([SPY_HOSTS[0]!]).locate("key"), 0);
});
