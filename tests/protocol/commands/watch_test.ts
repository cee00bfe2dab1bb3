import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { ClientException, SocketError, ValidationException } from "../../../src/errors.ts";
import { checkWatching, readEvent, type WatchEvent } from "../../../src/protocol/commands/watch.ts";
import { watchRequest } from "../../../src/protocol/commands/watch_request.ts";
import { busyTime } from "../../support/busy_time.ts";

const server = "cache:11211";
const HEAD = "ts=1795388586.785193 gid=5";
const origin = { server, time: 1795388586785.193, gid: 5 };

function expectEvent(line: string, event: WatchEvent): void {
  assertEquals(readEvent(line, server), event);
}

Deno.test("watchRequest asks for each kind once, known or not", () => {
  assertEquals(watchRequest(["fetchers"]), "watch fetchers\r\n");
  assertEquals(
    watchRequest(["evictions", "deletions", "evictions"]),
    "watch evictions deletions\r\n",
  );
});

Deno.test("watchRequest refuses what could be no kind", () => {
  const invalid = ["", "Fetchers", "a b", "a\r\nflush_all", "noreply", "x".repeat(33), 1, null];
  for (const kind of invalid) {
    assertThrows(() => watchRequest(["fetchers", kind as string]), ValidationException);
  }
  assertThrows(() => watchRequest([]), ValidationException, "Cannot watch nothing");
  // What is no list has no kinds in it: the letters of "mutations" are none.
  for (const wrong of [5, null, undefined, {}]) {
    assertThrows(
      () => watchRequest(wrong as never),
      ValidationException,
      "Cannot watch kind of type",
    );
  }
  assertEquals(watchRequest("mutations" as never), "watch mutations\r\n");
});

Deno.test("checkWatching takes OK only", () => {
  checkWatching("OK", server);
  for (const line of ["ERROR", "WATCHER_TOO_MANY log watcher limit reached"]) {
    const refusal = assertThrows(() => checkWatching(line, server), ClientException, server);
    assertEquals(refusal.item, line);
  }
  assertThrows(() => checkWatching("ts=1.2 gid=3 type=item_get", server), SocketError);
});

Deno.test("readEvent reads lookups and stores", () => {
  expectEvent(`${HEAD} type=item_get key=a%25%FF status=found clsid=1 cfd=25 size=3`, {
    type: "item_get",
    ...origin,
    key: "a%\xff",
    status: "found",
    slabClass: 1,
    connection: 25,
    size: 3,
  });
  expectEvent(`${HEAD} type=item_store key=n status=stored cmd=set ttl=60 clsid=2 cfd=25 size=9`, {
    type: "item_store",
    ...origin,
    key: "n",
    status: "stored",
    command: "set",
    ttl: 60,
    slabClass: 2,
    connection: 25,
    size: 9,
  });
});

Deno.test("readEvent reads evictions", () => {
  expectEvent(`${HEAD} type=eviction key=k fetch=yes ttl=-1 la=7 clsid=12 size=1000`, {
    type: "eviction",
    ...origin,
    key: "k",
    fetched: true,
    ttl: -1,
    lastAccess: 7,
    slabClass: 12,
    size: 1000,
  });
});

Deno.test("readEvent reads new and closed connections", () => {
  expectEvent(`${HEAD} type=conn_new rip=::1 rport=57680 transport=tcp cfd=25`, {
    type: "conn_new",
    ...origin,
    remoteAddress: "::1",
    remotePort: 57680,
    transport: "tcp",
    connection: 25,
  });
  expectEvent(`${HEAD} type=conn_close rip=unix rport=0 transport=local reason=normal cfd=25`, {
    type: "conn_close",
    ...origin,
    remoteAddress: "unix",
    remotePort: 0,
    transport: "local",
    reason: "normal",
    connection: 25,
  });
});

Deno.test("readEvent reads microseconds as a number, padded with zeros or not", () => {
  const timeOf = (ts: string) =>
    (readEvent(`ts=${ts} gid=2 type=x`, server) as { time: number }).time;
  assertEquals(timeOf("1795383091.8067"), 1795383091008.067);
  assertEquals(timeOf("1795383091.008067"), 1795383091008.067);
  assertEquals(timeOf("1795383091.0"), 1795383091000);
});

Deno.test("readEvent gives the fields of any other event unchanged", () => {
  expectEvent(`${HEAD} type=slab_move src=1 dst=2`, {
    type: "other",
    name: "slab_move",
    ...origin,
    fields: { src: "1", dst: "2" },
  });
  expectEvent(`${HEAD} type=proxy_req elapsed=9 type=105 be=a:1 detail= req=mg foo v`, {
    type: "other",
    name: "proxy_req",
    ...origin,
    fields: { elapsed: "9", type: "105", be: "a:1", detail: "", req: "mg foo v" },
  });
  expectEvent(`${HEAD} type=constructor`, {
    type: "other",
    name: "constructor",
    ...origin,
    fields: {},
  });
});

Deno.test("readEvent gives an event that lacks what its type has as another", () => {
  expectEvent(`${HEAD} type=item_get key=a status=found`, {
    type: "other",
    name: "item_get",
    ...origin,
    fields: { key: "a", status: "found" },
  });
});

Deno.test("readEvent reads the number of events that were left out", () => {
  expectEvent("skipped=12", { type: "skipped", server, count: 12 });
});

Deno.test("readEvent throws a SocketError over a line that is not an event", () => {
  for (const line of ["", "OK", "ts=1 gid=2 type=x", "gid=1 type=item_get", "skipped=x"]) {
    assertThrows(() => readEvent(line, server), SocketError, "unexpected reply");
  }
});

Deno.test("readEvent reads the longest line in a time that is proportional to its length", () => {
  const start = busyTime();
  expectEvent(`${HEAD} type=item_get ${"a".repeat(1 << 16)} key=a`, {
    type: "other",
    name: "item_get",
    ...origin,
    fields: { key: "a" },
  });
  // Searching for a name at each character took four seconds.
  assertLess(busyTime() - start, 500);
});
