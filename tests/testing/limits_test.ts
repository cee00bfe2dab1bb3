/** The limits of a server, and what it counts. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { decodeLatin1 } from "../../src/testing/byte_text.ts";
import { itemSize } from "../../src/testing/items/item_sizes.ts";
import { footprint } from "../../src/testing/items/item_memory.ts";
import { Session } from "../../src/testing/session.ts";
import { answer, Clock, createSession, createState } from "./session_world.ts";

const VALUE = "x".repeat(1000);
const NO_ROOM = "SERVER_ERROR out of memory storing object\r\n";

function set(key: string, value = VALUE): string {
  return `set ${key} 0 0 ${value.length}\r\n${value}\r\n`;
}

/** A full server that evicts nothing: there are `a` and `b`, and a number `n`. */
function createFullSession(): Session {
  const memoryLimit = 2 * footprint(1, VALUE.length) + footprint(1, 11);
  const session = createSession({ memoryLimit, evictions: false });
  assertEquals(answer(session, set("a") + set("b")), "STORED\r\nSTORED\r\n");
  assertEquals(answer(session, set("n", "99999999999")), "STORED\r\n");
  return session;
}

/** The value of a statistic in a report. */
function stat(report: string, name: string): number {
  return Number(new RegExp(`^STAT ${name} (.*)\r$`, "m").exec(report)?.[1]);
}

Deno.test("without evictions every command that stores says that there is no room", () => {
  const session = createFullSession();
  assertEquals(answer(session, set("c")), NO_ROOM);
  assertEquals(answer(session, "append a 0 0 1\r\nx\r\nms c 1\r\nx\r\n"), NO_ROOM + NO_ROOM);
  assertEquals(
    answer(session, "ma c N0\r\n"),
    "SERVER_ERROR Out of memory allocating new item\r\n",
  );
  assertEquals(answer(session, "mg c N30\r\n"), "EN\r\n");
  assertMatch(answer(session, "get b\r\n"), /^VALUE b /);
});

Deno.test("without evictions set removes what is older than what it could not store", () => {
  const session = createFullSession();
  assertEquals(answer(session, set("a") + "get a\r\n"), `${NO_ROOM}END\r\n`);
  assertEquals(answer(session, set("c")), "STORED\r\n");
});

Deno.test("without evictions a number changes in its place, and does not grow", () => {
  const session = createFullSession();
  assertEquals(answer(session, "decr n 1\r\n"), "99999999998\r\n");
  assertEquals(
    answer(session, "incr n 2\r\nma n D2\r\n"),
    "SERVER_ERROR out of memory\r\n".repeat(2),
  );
  assertEquals(answer(session, "get n\r\n"), "VALUE n 0 11\r\n99999999998\r\nEND\r\n");
});

Deno.test("without evictions stats counts what found no room", () => {
  const session = createFullSession();
  answer(session, set("c") + set("d", "x"));
  const stats = answer(session, "stats\r\n");
  assertEquals([stat(stats, "store_no_memory"), stat(stats, "evictions")], [2, 0]);
  assertEquals(stat(answer(session, "stats items\r\n"), "items:12:outofmemory"), 1);
  assertMatch(answer(session, "stats settings\r\n"), /STAT evictions off\r\n/);
});

Deno.test("without evictions what was announced in time may find no room any more", () => {
  const memoryLimit = 2 * footprint(1, VALUE.length);
  const state = createState({ memoryLimit, evictions: false });
  const [first, second] = [new Session(state, 1), new Session(state, 2)];
  assertEquals(answer(first, set("a")), "STORED\r\n");
  assertEquals(answer(first, "set b 0 0 1000\r\n"), "");
  assertEquals(answer(second, set("c")), "STORED\r\n");
  assertEquals(answer(first, `${VALUE}\r\n`), NO_ROOM);
});

Deno.test("cache_memlimit changes the limit, and what exceeds it is evicted", () => {
  const session = createSession();
  const megabyte = "x".repeat(1_000_000);
  for (let id = 0; id < 30; id++) answer(session, set(`key${id}`, megabyte));
  assertEquals(answer(session, "cache_memlimit 16\r\n"), "OK\r\n");
  const stats = answer(session, "stats\r\n");
  assertEquals(stat(stats, "limit_maxbytes"), 16 * 1024 * 1024);
  assert(stat(stats, "bytes") <= 16 * 1024 * 1024);
  assertEquals(stat(stats, "evictions"), 30 - stat(stats, "curr_items"));
  assertEquals(answer(session, "cache_memlimit 1024 noreply\r\nmn\r\n"), "MN\r\n");
  assertEquals(stat(answer(session, "stats\r\n"), "limit_maxbytes"), 1024 * 1024 * 1024);
});

Deno.test("stats cachedump lists the keys of a class, the one used last first", () => {
  const session = createSession();
  answer(session, "set a 0 0 1\r\nx\r\nset b 0 100 2\r\nxy\r\nms Yw== 1 b\r\nz\r\n" + set("d"));
  answer(session, "get a\r\n");
  const dump = "ITEM a [1 b; 0 s]\r\nITEM b [2 b; 1000000100 s]\r\nEND\r\n";
  assertEquals(answer(session, "stats cachedump 1 0\r\n"), dump);
  assertEquals(answer(session, "stats cachedump 1 1\r\n"), "ITEM a [1 b; 0 s]\r\nEND\r\n");
  assertEquals(answer(session, "stats cachedump 12 0\r\n"), "ITEM d [1000 b; 0 s]\r\nEND\r\n");
  assertEquals(answer(session, "stats cachedump 5 0\r\n"), "END\r\n");
});

Deno.test("stats cachedump leaves out what does not fit into 2 MiB", () => {
  const session = createSession();
  const key = "k".repeat(240);
  for (let id = 0; id < 10_000; id++) answer(session, `set ${key}${id} 0 0 1 noreply\r\nx\r\n`);
  const dump = answer(session, "stats cachedump 6 0\r\n");
  assert(dump.length < 2 * 1024 * 1024 && dump.length > 2 * 1024 * 1024 - 300);
  assert(dump.endsWith("\r\nEND\r\n"));
});

Deno.test("stats items and stats slabs count by class", () => {
  const clock = new Clock();
  const session = createSession({ clock });
  answer(session, "set a 0 0 1\r\n1\r\nget a\r\nincr a 1\r\ndecr a 1\r\ntouch a 0\r\ngat 0 a\r\n");
  answer(session, "cas a 0 0 1 5\r\nx\r\ndelete a\r\n" + set("b") + "get b c\r\nget b\r\n");
  clock.advance(7);
  const slabs = answer(session, "stats slabs\r\n");
  const small = ["cmd_set", "get_hits", "incr_hits", "decr_hits", "touch_hits", "cas_badval"];
  assertEquals(stat(slabs, "12:cmd_set"), 1);
  assertEquals(stat(slabs, "12:get_hits"), 2);
  answer(session, "set a 0 0 1\r\n1\r\n");
  const counts = small.map((name) => stat(answer(session, "stats slabs\r\n"), `1:${name}`));
  assertEquals(counts, [3, 1, 1, 1, 2, 1]);
  assertEquals(stat(answer(session, "stats slabs\r\n"), "1:delete_hits"), 1);
  const items = answer(session, "stats items\r\n");
  assertEquals([stat(items, "items:1:number"), stat(items, "items:12:number")], [1, 1]);
  assertEquals([stat(items, "items:1:age"), stat(items, "items:12:age")], [0, 7]);
  assertEquals(stat(items, "items:12:mem_requested"), itemSize("b", 0, VALUE.length));
  assertEquals(stat(items, "items:12:hits_to_cold"), 2);
  const stats = answer(session, "stats\r\n");
  assertEquals([stat(stats, "cmd_set"), stat(stats, "get_hits"), stat(stats, "cmd_get")], [
    4,
    3,
    4,
  ]);
});

Deno.test("stats items counts what was evicted, and how much of that was never read", () => {
  const clock = new Clock();
  const session = createSession({ clock, memoryLimit: 2 * footprint(1, VALUE.length) });
  answer(session, "set a 0 100 1000\r\n" + VALUE + "\r\n" + "get a\r\nget a\r\n" + set("b"));
  clock.advance(5);
  answer(session, set("c") + set("d"));
  const items = answer(session, "stats items\r\n");
  const names = ["evicted", "evicted_nonzero", "evicted_unfetched", "evicted_time", "reclaimed"];
  assertEquals(names.map((name) => stat(items, `items:12:${name}`)), [2, 1, 1, 5, 0]);
  assertEquals(stat(items, "items:12:direct_reclaims"), 2);
  const stats = answer(session, "stats\r\n");
  assertEquals([stat(stats, "evictions"), stat(stats, "evicted_unfetched")], [2, 1]);
  assertEquals(stat(stats, "direct_reclaims"), 2);
});

Deno.test("stats counts watchers and their lines", () => {
  const state = createState();
  const [watching, other] = [new Session(state, 1), new Session(state, 2)];
  answer(watching, "watch fetchers\r\n");
  answer(other, "get a b\r\n");
  for (let id = 0; id < 5000; id++) answer(other, `get ${"k".repeat(200)}\r\n`);
  const stats = answer(other, "stats\r\n");
  assertEquals([stat(stats, "log_watchers"), stat(stats, "log_worker_written")], [1, 5002]);
  const skipped = stat(stats, "log_watcher_skipped");
  assert(skipped > 0);
  assertEquals(stat(stats, "log_watcher_sent"), 5002 - skipped);
  watching.close();
  assertEquals(stat(answer(other, "stats\r\n"), "log_watchers"), 0);
});

Deno.test("stats counts metadump, and knows when one is under way", () => {
  const state = createState();
  const session = new Session(state, 1);
  for (let id = 0; id < 3000; id++) answer(session, `set key${id} 0 0 1 noreply\r\nx\r\n`);
  const dump = session.receive(new TextEncoder().encode("lru_crawler metadump all\r\n"));
  assert(decodeLatin1(dump.next().value as Uint8Array).startsWith("key="));
  const running = () => stat(answer(new Session(state, 2), "stats\r\n"), "lru_crawler_running");
  assertEquals(running(), 1);
  dump.return();
  assertEquals(running(), 0);
  assertEquals(stat(answer(new Session(state, 2), "stats\r\n"), "lru_crawler_starts"), 1);
});

Deno.test("stats knows the hash table, the buffers and the processor time", () => {
  const session = createSession();
  for (let id = 0; id < 1000; id++) answer(session, `set key${id} 0 0 1 noreply\r\nx\r\n`);
  const stats = answer(session, "stats\r\n");
  assertEquals([stat(stats, "hash_power_level"), stat(stats, "hash_bytes")], [10, 4096]);
  assert(stat(stats, "read_buf_count") > 0 && stat(stats, "read_buf_bytes") >= 4096);
  assert(stat(stats, "rusage_user") > 0);
});
