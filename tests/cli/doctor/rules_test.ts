/** Every rule of `doctor`: figures that trigger it, and figures just beside them that do not. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Advice, Observation } from "../../../src/cli/doctor/advice.ts";
import { knownFaultsOf } from "../../../src/cli/doctor/known_faults.ts";
import { hostOf, isPublicAddress } from "../../../src/cli/doctor/public_address.ts";
import { adviceOn } from "../../../src/cli/doctor/rules.ts";
import type { HotKey } from "../../../src/cli/hot_keys.ts";
import type { Snapshot } from "../../../src/cli/snapshot.ts";

type Fields = Readonly<Record<string, string | number>>;

/** What differs from a server with which nothing is wrong. */
interface Given {
  readonly server?: string;
  readonly at?: number;
  readonly stats?: Fields;
  readonly items?: Fields;
  readonly slabs?: Fields;
  readonly settings?: Fields;
  readonly conns?: Fields;
}

const HEALTHY = fields({
  ...{ pid: 1, uptime: 100_000, version: "1.6.45", curr_connections: 10, max_connections: 1024 },
  ...{ accepting_conns: 1, cmd_get: 1000, cmd_set: 1000, total_items: 1000, curr_items: 500 },
  ...{ hash_is_expanding: 0, hash_power_level: 16, limit_maxbytes: 67_108_864 },
});

/** Statistics under memcached's names. */
function fields(given: Fields): Fields {
  return given;
}

function texts(fields: Fields): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, String(field)]));
}

function snapshot(given: Given): Snapshot {
  const { server = "10.0.0.1:11211", at = 0, stats, items = {}, slabs = {} } = given;
  const { settings = {}, conns = {} } = given;
  return {
    ...{ server, at, refused: [], stats: texts({ ...HEALTHY, ...stats }), items: texts(items) },
    ...{ slabs: texts(slabs), settings: texts(settings), conns: texts(conns) },
  };
}

/** The advice on one server, ten seconds after it was as healthy as can be. */
function advise(now: Given, before: Given | undefined = {}): readonly Advice[] {
  const look = { before: before && snapshot(before), now: snapshot({ at: 10_000, ...now }) };
  return adviceOn({ servers: [look] });
}

/** The only piece of advice. */
function only(advice: readonly Advice[]): Advice {
  const [first] = advice;
  assert(first !== undefined && advice.length === 1, JSON.stringify(advice));
  return first;
}

Deno.test("nothing is wrong with a healthy server", () => {
  assertEquals(advise({}), []);
  assertEquals(adviceOn({ servers: [] }), []);
});

/** Slab 31 evicts, and slab 5 may have memory to give. */
function evicting(evicted: number, unfetched: number, time: number): Fields {
  return {
    ...{ "items:31:number": 10, "items:31:evicted": evicted, "items:31:evicted_time": time },
    ...{ "items:31:evicted_unfetched": unfetched, "items:5:number": 10, "items:5:evicted": 0 },
  };
}

function slabs(freeOf5: number): Fields {
  return {
    ...{ "31:chunk_size": 61_440, "31:chunks_per_page": 17, "31:total_pages": 4 },
    ...{ "31:total_chunks": 68, "31:free_chunks": 0 },
    ...{ "5:chunk_size": 240, "5:chunks_per_page": 4369, "5:total_pages": 4 },
    ...{ "5:total_chunks": 17_476, "5:free_chunks": freeOf5 },
  };
}

Deno.test("evictions of items that were used lately are a warning", () => {
  const now = { items: evicting(50, 10, 40), slabs: slabs(0) };
  const { rule, severity, finding, figures, action } = only(advise(now));
  assertEquals([rule, severity], ["evicts-used", "warning"]);
  assertEquals(finding, "slab 31 (60.0 KiB) evicts items that were used 40s ago");
  assertEquals(Object.values(figures), [31, 50, 10, 40]);
  assertStringIncludes(action, "-m");
  // Nothing that was read was evicted; or it had not been used for long.
  assertEquals(advise({ ...now, items: evicting(50, 50, 40) }), []);
  assertEquals(advise({ ...now, items: evicting(50, 10, 3601) }), []);
  assertEquals(advise({ ...now, items: evicting(0, 0, 0) }), []);
});

Deno.test("evictions in the past are a notice, unless there were many", () => {
  const items = evicting(50, 10, 40);
  const past = (evictions: number) => {
    const stats = { evictions };
    return only(advise({ items, stats }, { items, stats }));
  };
  assertEquals([past(50).severity, past(2000).severity], ["notice", "warning"]);
  assertEquals(past(50).finding, "slab 31 has evicted items that were used 40s ago");
  // Without an earlier look, all is past.
  assertEquals(only(adviceOn({ servers: [{ now: snapshot({ items }) }] })).severity, "notice");
});

Deno.test("a slab class that evicts should get the free memory of another one", () => {
  const now = { items: evicting(50, 10, 40), slabs: slabs(12_233) };
  const { rule, finding, figures, action } = only(advise(now));
  assertEquals(rule, "slab-balance");
  assertEquals(
    finding,
    "slab 31 (60.0 KiB) evicts items that were used 40s ago while slab 5 (240 B) is 70.0% free",
  );
  assertEquals([figures.freeSlab, figures.freePages], [5, 2]);
  assertStringIncludes(action, "slabs reassign 5 31");
  const actionWith = (settings: Fields) => only(advise({ ...now, settings })).action;
  assertStringIncludes(actionWith({ slab_automove: 0 }), "slabs automove 1");
  assertStringIncludes(actionWith({ slab_reassign: "no" }), "-o slab_reassign");
  // Less than a page, or less than three tenths, is no memory to give.
  assertEquals(only(advise({ ...now, slabs: slabs(4000) })).rule, "evicts-used");
  // memcached does not list a class in `stats items` that has lost all its items, and keeps its pages.
  const emptied = Object.entries(now.items).filter(([name]) => !name.startsWith("items:5:"));
  const all = only(advise({ items: Object.fromEntries(emptied), slabs: slabs(17_476) }));
  assertEquals([all.rule, all.figures.freePages], ["slab-balance", 3]);
  const onePage = { ...slabs(4000), "5:total_pages": 1, "5:total_chunks": 4369 };
  assertEquals(only(advise({ ...now, slabs: onePage })).rule, "evicts-used");
});

Deno.test("evictions count without stats items too", () => {
  const { items: _, ...now } = snapshot({
    at: 10_000,
    stats: { evictions: 150, evicted_unfetched: 20 },
  });
  const found = only(adviceOn({ servers: [{ before: snapshot({}), now }] }));
  assertEquals([found.rule, found.severity], ["evicts-used", "warning"]);
  assertEquals(found.finding, "130 items were evicted that had been read");
  const unread = { ...now, stats: { ...now.stats, evicted_unfetched: "150" } };
  assertEquals(
    adviceOn({ servers: [{ now: unread }] }).map(({ rule }) => rule),
    ["evicted-unfetched"],
  );
});

Deno.test("items that are evicted unread are stored without need", () => {
  const of = (evicted: number, unfetched: number) =>
    advise({ stats: { evictions: evicted, evicted_unfetched: unfetched } });
  const { rule, severity, finding } = only(of(1000, 620));
  assertEquals([rule, severity], ["evicted-unfetched", "warning"]);
  assertEquals(finding, "62.0% of the evicted items had never been read");
  assertEquals([of(1000, 290), of(99, 99)], [[], []]);
});

Deno.test("items that expire unread live too long, or are stored without need", () => {
  const of = (stored: number, unfetched: number) =>
    advise({ stats: { total_items: stored, expired_unfetched: unfetched } });
  const { rule, severity, finding, figures, action } = only(of(1000, 450));
  assertEquals([rule, severity], ["expired-unfetched", "notice"]);
  assertStringIncludes(finding, "45.0%");
  assertEquals([figures.expired_unfetched, figures.total_items], [450, 1000]);
  assertStringIncludes(action, "lifetime is too long");
  assertEquals([of(1000, 290), of(99, 99)], [[], []]);
});

Deno.test("stores that make room themselves are slow", () => {
  const of = (reclaims: number, settings: Fields = {}) =>
    advise({ stats: { cmd_set: 2000, direct_reclaims: reclaims }, settings });
  const { rule, severity, finding, action } = only(of(900));
  assertEquals([rule, severity], ["direct-reclaims", "warning"]);
  assertStringIncludes(finding, "0.9 direct reclaims a store");
  assertStringIncludes(action, "-m");
  assertStringIncludes(
    only(of(900, { lru_maintainer_thread: "no" })).action,
    "-o lru_maintainer",
  );
  assertEquals(of(400), []);
});

Deno.test("connections near the limit are a warning, and critical when very near", () => {
  const of = (connections: number) => advise({ stats: { curr_connections: connections } });
  assertEquals(of(800), []);
  assertEquals(only(of(820)).severity, "warning");
  const { rule, severity, figures } = only(of(980));
  assertEquals([rule, severity], ["connections-near-limit", "critical"]);
  assertEquals([figures.curr_connections, figures.max_connections], [980, 1024]);
  // The limit is of files, and each thread takes some: with 32 threads, memcached refuses after about 860 connections.
  const reserving = only(advise({ stats: { curr_connections: 850, reserved_fds: 160 } }));
  assertEquals([reserving.severity, reserving.figures.reserved_fds], ["critical", 160]);
  assertStringIncludes(reserving.finding, "98.4%");
  assertEquals(
    only(advise({ stats: { curr_connections: 5, max_connections: 8, reserved_fds: 8 } })).severity,
    "critical",
  );
  // Older versions have the limit in their settings only.
  const old = { stats: { max_connections: "", curr_connections: 90 }, settings: { maxconns: 100 } };
  const { max_connections: _, ...stats } = snapshot(old).stats;
  assertEquals(only(adviceOn({ servers: [{ now: { ...snapshot(old), stats } }] })).figures, {
    ...{ curr_connections: 90, max_connections: 100, share: 0.9 },
  });
});

Deno.test("connections that were refused are a warning, and critical while it happens", () => {
  const past = fields({ listen_disabled_num: 3 });
  assertEquals(only(advise({ stats: past }, { stats: past })).severity, "warning");
  const { rule, severity, figures } = only(advise({ stats: past }));
  assertEquals([rule, severity, figures.listen_disabled_num], [
    ...["connections-refused", "critical", 3],
  ]);
  assertEquals(only(advise({ stats: { rejected_connections: 1 } })).rule, rule);
  assertStringIncludes(only(advise({ stats: { accepting_conns: 0 } })).finding, "accepts no");
});

Deno.test("connections with very many requests at once are interrupted", () => {
  const of = (yields: number, before: number) =>
    advise({ stats: { conn_yields: yields } }, { stats: { conn_yields: before } });
  const { rule, severity, figures } = only(of(200, 50));
  assertEquals([rule, severity, figures.conn_yields, figures.perSecond], [
    ...["connections-yield", "warning", 200, 15],
  ]);
  assertEquals(only(of(200, 200)).severity, "notice");
  assertEquals(of(50, 50), []);
  const busy = fields({ conn_yields: 200, cmd_get: 1_000_000 });
  assertEquals(advise({ stats: busy }, { stats: busy }), []);
});

Deno.test("a hash table that grows is a notice", () => {
  const { rule, severity, figures, action } = only(advise({ stats: { hash_is_expanding: 1 } }));
  assertEquals([rule, severity, figures.hash_power_level], ["hash-expanding", "notice", 16]);
  assertStringIncludes(action, "-o hashpower=17");
});

Deno.test("items that are too large are refused, and so are those without memory", () => {
  const now = { stats: { store_too_large: 2 }, settings: { item_size_max: 1_048_576 } };
  const { rule, severity, finding, figures } = only(advise(now));
  assertEquals([rule, severity], ["too-large", "warning"]);
  assertEquals(finding, "2 stores were refused: the item was larger than 1.0 MiB");
  assertEquals([figures.store_too_large, figures.perSecond], [2, 0.2]);
  assertEquals(only(advise(now, now)).severity, "notice");
  const full = { stats: { store_no_memory: 1 }, settings: { evictions: "off" } };
  assertEquals([only(advise(full)).rule, only(advise(full)).severity], ["no-memory", "critical"]);
  assertStringIncludes(only(advise(full)).action, "without -M");
  assertEquals(only(advise(full, full)).severity, "warning");
});

Deno.test("doctor reports a version with a known fault, if the fault affects the server", () => {
  const faults = (version: string, settings: Record<string, string> = {}) =>
    knownFaultsOf(version, settings).map(({ mended }) => mended);
  assertEquals(faults("1.5.15"), ["1.5.16"]);
  assertEquals(faults("1.5.16"), []);
  assertEquals(faults("1.6.1-beta"), ["1.6.2", "1.6.3", "1.6.13"]);
  assertEquals(faults("1.6.2", { binding_protocol: "ascii" }), ["1.6.3", "1.6.13"]);
  assertEquals(faults("1.6.7", { udpport: "11211" }), ["1.6.8", "1.6.13"]);
  assertEquals(faults("1.6.18", { proxy_enabled: "yes" }), ["1.6.22"]);
  assertEquals(faults("1.6.18", { auth_enabled_sasl: "yes" }), ["1.6.42"]);
  for (const version of ["1.6.18", "1.6.45", "2.0.0", "?", ""]) assertEquals(faults(version), []);
  // What depends on the settings is left out when they are not known.
  assertEquals(knownFaultsOf("1.4.20", undefined).map(({ mended }) => mended), ["1.4.37"]);
  // 1.4.35 brought the command `lru`, and needs the thread for it.
  assertEquals(faults("1.4.34").includes("1.5.14"), false);
  assertEquals(faults("1.5.4"), ["1.5.5", "1.5.14"]);
  assertEquals(faults("1.5.4", { lru_maintainer_thread: "no" }), ["1.5.5"]);
  const { rule, severity, finding, figures } = only(advise({ stats: { version: "1.5.15" } }));
  assertEquals([rule, severity, figures.mendedIn], ["faulty-version", "critical", "1.5.16"]);
  assertStringIncludes(finding, "memcached 1.5.15: ");
});

Deno.test("isPublicAddress knows what is routed in the internet", () => {
  const open = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2a00:1450::1", "::ffff:8.8.8.8"];
  const closed = [
    ...["127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1"],
    ...["100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "203.0.113.9", "::1", "::"],
    ...["fe80::1", "fd00::1", "fc00::1", "2001:db8::1", "::ffff:10.0.0.1", "cache.example", ""],
  ];
  assertEquals(open.filter((host) => !isPublicAddress(host)), []);
  assertEquals(closed.filter(isPublicAddress), []);
  assertEquals(
    ["10.0.0.1:11211", "[::1]:11211", "tcp:8.8.8.8:1", "tcp6:[2a00::1]:1", "/tmp/socket"]
      .map(hostOf),
    ["10.0.0.1", "::1", "8.8.8.8", "2a00::1", "/tmp/socket"],
  );
});

Deno.test("a server without a password on an address of the internet is critical", () => {
  const settings = fields({ auth_enabled_ascii: "no", auth_enabled_sasl: "no", udpport: 0 });
  const { rule, severity, finding, figures } = only(advise({ server: "8.8.8.8:11211", settings }));
  assertEquals([rule, severity, figures.address], ["open-to-all", "critical", "8.8.8.8"]);
  assertEquals(finding.includes("UDP"), false);
  assertEquals(advise({ settings }), []);
  for (
    const proof of [
      // memcached says the file, where it has one.
      { auth_enabled_ascii: "/etc/memcached.users" },
      { auth_enabled_sasl: "yes" },
      { ssl_enabled: "yes", ssl_verify_mode: 3 },
    ]
  ) {
    const given = { server: "8.8.8.8:11211", settings: { ...settings, ...proof } };
    assertEquals(advise(given), [], JSON.stringify(proof));
  }
  const encrypted = fields({ ...settings, ssl_enabled: "yes", ssl_verify_mode: 1 });
  assertEquals(only(advise({ server: "8.8.8.8:1", settings: encrypted })).rule, rule);
  const udp = only(advise({ server: "8.8.8.8:1", settings: { ...settings, udpport: 11_211 } }));
  assertStringIncludes(udp.finding, "UDP");
});

Deno.test("the connections tell whether a server is reached from the internet", () => {
  const settings = fields({ auth_enabled_ascii: "no" });
  const of = (addr: string, listen: string) =>
    advise({
      settings,
      conns: {
        ...{ "22:addr": "tcp:0.0.0.0:11211", "22:state": "conn_listening" },
        ...{ "24:addr": addr, "24:listen_addr": listen },
      },
    });
  assertEquals(only(of("tcp:10.0.0.7:4711", "tcp:8.8.8.8:11211")).figures.address, "8.8.8.8");
  assertEquals(only(of("tcp:9.9.9.9:4711", "tcp:10.0.0.1:11211")).figures.client, "9.9.9.9");
  assertEquals(of("tcp:10.0.0.7:4711", "tcp:10.0.0.1:11211"), []);
});

/** The advice on several servers, ten seconds after they were healthy. */
function adviseAll(...all: readonly Given[]): readonly Advice[] {
  return adviceOn({
    servers: all.map((given, i) => {
      const server = `10.0.0.${i + 1}:11211`;
      return { before: snapshot({ server }), now: snapshot({ server, at: 10_000, ...given }) };
    }),
  });
}

Deno.test("servers that are read unequally often are a warning", () => {
  const of = (...gets: number[]) =>
    adviseAll(...gets.map((each) => ({ stats: { cmd_get: 1000 + each * 10 } })));
  const { rule, server, severity, figures } = only(of(400, 100, 100));
  assertEquals([rule, server, severity], ["unequal-load", "10.0.0.1:11211", "warning"]);
  assertEquals([figures.getsPerSecond, figures.average, figures.times], [400, 200, 2]);
  assertEquals([of(280, 200, 120), of(40, 10, 10), of(1000)], [[], [], []]);
});

Deno.test("servers that hold unequally many items, or memory, are a notice", () => {
  const items = (...counts: number[]) =>
    adviseAll(...counts.map((count) => ({ stats: { curr_items: count } })));
  const { rule, server, severity, figures } = only(items(1000, 8000, 3000));
  assertEquals([rule, server, severity, figures.times, figures.fewest], [
    ...["unequal-items", "10.0.0.2:11211", "notice", 2, 1000],
  ]);
  assertEquals([items(5000, 6000, 4000), items(10, 900, 20)], [[], []]);
  const memory = only(adviseAll({}, { stats: { limit_maxbytes: 33_554_432 } }));
  assertEquals([memory.rule, memory.server], ["unequal-memory", "10.0.0.2:11211"]);
  assertEquals(memory.finding, "10.0.0.2:11211 may use 32.0 MiB, and 10.0.0.1:11211 64.0 MiB");
});

Deno.test("doctor reports servers with different versions or hit rates", () => {
  const { rule, finding } = only(adviseAll({}, { stats: { version: "1.6.44" } }));
  assertEquals(rule, "unequal-versions");
  assertStringIncludes(finding, "1.6.45, 1.6.44");
  const hits = (...all: number[]) =>
    adviseAll(...all.map((hits) => ({
      stats: { cmd_get: 11_000, get_hits: hits, get_misses: 10_000 - hits },
    })));
  const worst = only(hits(9000, 5000, 9000));
  assertEquals([worst.rule, worst.server, worst.figures.hitRate], [
    ...["unequal-hits", "10.0.0.2:11211", 0.5],
  ]);
  assertEquals(hits(9000, 7500, 9000), []);
  // The reads of the others are counted together: a busy server has more of them.
  const busy = only(adviseAll(
    { stats: { cmd_get: 2000, get_hits: 0, get_misses: 1000 } },
    { stats: { cmd_get: 5000, get_hits: 900, get_misses: 3100 } },
    { stats: { cmd_get: 5000, get_hits: 4000, get_misses: 0 } },
    { stats: { cmd_get: 3000, get_hits: 2000, get_misses: 0 } },
  ));
  assertEquals([busy.rule, busy.figures.others], ["unequal-hits", 0.69]);
});

Deno.test("doctor advises nearCache or spread for a key with a large share", () => {
  const of = (hot: Partial<HotKey>) => {
    const key = { key: "user:0", share: 0.178, perSecond: 7400, servers: ["10.0.0.1:11211"] };
    const observation: Observation = {
      servers: [],
      hot: { keys: [{ ...key, ...hot }], seen: 0.91, events: 1 },
    };
    return adviceOn(observation);
  };
  const { rule, server, severity, finding, figures, action } = only(of({}));
  assertEquals([rule, server, severity], ["hot-key", "10.0.0.1:11211", "warning"]);
  assertEquals(
    finding,
    "user:0 alone is used 7400 times a second on 10.0.0.1:11211: 17.8% of all",
  );
  assertEquals([figures.perSecond, figures.share, figures.seen], [7400, 0.178, 0.91]);
  assertStringIncludes(action, "nearCache");
  const servers = ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211"];
  assertStringIncludes(only(of({ servers })).finding, "on 10.0.0.1:11211 and 2 more: 17.8%");
  assertEquals([of({ share: 0.09 }), of({ perSecond: 99 })], [[], []]);
  assertEquals(only(of({ key: "a\x1b[2J" })).finding.includes("\x1b"), false);
});

Deno.test("the most severe advice comes first", () => {
  const advice = advise({
    stats: { hash_is_expanding: 1, curr_connections: 1024, store_too_large: 1 },
  });
  assertEquals(advice.map(({ severity }) => severity), ["critical", "warning", "notice"]);
});

Deno.test("doctor accepts a server that restarted between the two looks", () => {
  const items = evicting(50, 10, 40);
  const advice = advise({ items, stats: { pid: 2, uptime: 5 } }, { items: evicting(900, 10, 40) });
  assertEquals(advice.map(({ rule }) => rule), ["evicts-used"]);
  assertEquals(only(advice).figures.evicted, 50);
  // In a container it has the same pid each time.
  const more = advise({ items: evicting(950, 10, 40), stats: { uptime: 5 } }, {
    items: evicting(900, 10, 40),
  });
  assertEquals(only(more).figures.evicted, 950);
});
