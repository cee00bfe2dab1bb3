/** What meta commands, `metadump` and `watch` do as time passes, by a clock that is set. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { decodeLatin1, encodeLatin1 } from "../../src/testing/byte_text.ts";
import { Session } from "../../src/testing/session.ts";
import { answer, Clock, createSession, createState, replies } from "./session_world.ts";

Deno.test("mg with N makes an item that expires at its time", () => {
  const clock = new Clock();
  const session = createSession({ clock });
  assertEquals(answer(session, "mg a N30 t\r\n"), "HD t30 W\r\n");
  clock.advance(29);
  assertEquals(answer(session, "mg a N30 t\r\n"), "HD t1 Z\r\n");
  clock.advance(1);
  assertEquals(answer(session, "mg a N30 t\r\n"), "HD t30 W\r\n");
});

Deno.test("mg with R lets one client win when the time left is less, and not before", () => {
  const clock = new Clock();
  const session = createSession({ clock });
  answer(session, "ms a 1 T100\r\nx\r\n");
  clock.advance(70);
  assertEquals(answer(session, "mg a R30 t\r\n"), "HD t30\r\n");
  clock.advance(1);
  assertEquals(answer(session, "mg a R30 t\r\nmg a R30 t\r\n"), "HD t29 W\r\nHD t29 Z\r\n");
});

Deno.test("md with I and T lets a stale item live as long as T says", () => {
  const clock = new Clock();
  const session = createSession({ clock });
  answer(session, "ms a 1 T100\r\nx\r\nmd a I T30\r\n");
  clock.advance(29);
  assertEquals(answer(session, "mg a v t\r\n"), "VA 1 t1 X W\r\nx\r\n");
  clock.advance(1);
  assertEquals(answer(session, "mg a v t\r\n"), "EN\r\n");
});

Deno.test("ms with I over a stale item leaves its time as it was", () => {
  const clock = new Clock();
  const session = createSession({ clock });
  answer(session, "ms a 1\r\nx\r\nmd a I T30\r\nms a 1 C1 I T100\r\ny\r\n");
  clock.advance(29);
  assertEquals(answer(session, "mg a v t\r\n"), "VA 1 t1 X W\r\ny\r\n");
  clock.advance(1);
  assertEquals(answer(session, "mg a\r\n"), "EN\r\n");
});

Deno.test("mg with l answers the time since the second read, or since the item was stored", () => {
  const clock = new Clock();
  const session = createSession({ clock });
  answer(session, "ms a 1\r\nx\r\n");
  clock.advance(5);
  assertEquals(answer(session, "mg a l h\r\nmg a l h u\r\n"), "HD l5 h0\r\nHD l5 h1\r\n");
  assertEquals(answer(session, "mg a l\r\n"), "HD l5\r\n");
  clock.advance(2);
  assertEquals(answer(session, "mg a l\r\nmg a l\r\n"), "HD l2\r\nHD l0\r\n");
});

Deno.test("mg with t answers the time of an expired item in memcached's 32 bits", () => {
  const clock = new Clock();
  const session = createSession({ clock });
  clock.advance(7);
  assertEquals(answer(session, "ms a 1\r\nx\r\nmg a T-1 t\r\n"), `HD\r\nHD t${2 ** 32 - 68}\r\n`);
});

Deno.test("me shows the time to live as a negative number", () => {
  const clock = new Clock();
  const session = createSession({ clock });
  answer(session, "ms a 1 T100\r\nx\r\n");
  clock.advance(40);
  assertMatch(answer(session, "me a\r\n"), /^ME a exp=-60 la=40 /);
});

Deno.test("metadump shows times, and omits what has expired or was flushed", () => {
  const clock = new Clock();
  const session = createSession({ clock });
  answer(session, "ms a 1 T10\r\nx\r\nms b 1 T20\r\nx\r\n");
  clock.advance(11);
  assertEquals(
    answer(session, "lru_crawler metadump all\r\n"),
    "key=b exp=1000000020 la=1000000000 cas=2 fetch=no cls=1 size=61\nEND\r\n",
  );
  answer(session, "flush_all\r\n");
  assertEquals(answer(session, "lru_crawler metadump hash\r\n"), "END\r\n");
});

Deno.test("metadump delays commands after it until more bytes come", () => {
  const session = createSession();
  assertEquals(answer(session, "lru_crawler metadump all\r\nmn\r\nms a 1\r\n"), "END\r\n");
  assertEquals(answer(session, "x\r\n"), "MN\r\nHD\r\n");
});

Deno.test("metadump lists each item that stays once, whatever is stored meanwhile", () => {
  const state = createState();
  const [dumping, storing] = [new Session(state, 1), new Session(state, 2)];
  const store = (name: string) => {
    for (let id = 0; id < 2000; id++) answer(storing, `ms ${name}${id} 1 q\r\nx\r\n`);
  };
  store("a");
  let dump = "";
  for (const reply of replies(dumping, encodeLatin1("lru_crawler metadump all\r\n"))) {
    dump += decodeLatin1(reply);
    store("b");
    store("c");
  }
  const keys = dump.match(/^key=a\d+/gm) ?? [];
  assertEquals([keys.length, new Set(keys).size], [2000, 2000]);
  assert(dump.endsWith("END\r\n"));
});

Deno.test("lru_crawler disable ends metadump and crawl until it is enabled", () => {
  const session = createSession();
  const disabled = "CLIENT_ERROR lru crawler disabled\r\n";
  assertEquals(answer(session, "lru_crawler disable\r\nlru_crawler disable\r\n"), "OK\r\nOK\r\n");
  assertEquals(answer(session, "lru_crawler metadump all\r\n"), disabled);
  assertEquals(answer(session, "lru_crawler crawl all\r\n"), disabled);
  assertEquals(
    answer(session, "lru_crawler enable\r\nlru_crawler crawl all\r\n"),
    "OK\r\nOK\r\n",
  );
});

Deno.test("mg with N and ma with N make nothing that memory has no room for", () => {
  const session = createSession({ memoryLimit: 60 });
  assertEquals(answer(session, "mg ab N30\r\n"), "EN\r\n");
  assertEquals(
    answer(session, "ma ab N30\r\n"),
    "SERVER_ERROR Out of memory allocating new item\r\n",
  );
});

Deno.test("watch shows whose command it was, however commands and replies interleave", () => {
  const state = createState();
  const [first, second, watching] = [1, 2, 3].map((id) => new Session(state, id));
  assert(first && second && watching);
  answer(watching, "watch\r\n");
  const value = "x".repeat(70_000);
  answer(first, `ms a ${value.length}\r\n${value}\r\n`);
  const replies = first.receive(new TextEncoder().encode("get a a\r\n"));
  replies.next();
  answer(second, "get b\r\n");
  for (const _ of replies);
  const log = decodeLatin1(watching.watcher?.take() ?? new Uint8Array());
  const seen = [...log.matchAll(/key=(.) .* cfd=(\d)/g)].map(([, key, id]) => `${key}${id}`);
  assertEquals(seen, ["a1", "a1", "b2", "a1"]);
});

Deno.test("watch evictions shows what had to make room", () => {
  const clock = new Clock();
  const state = createState({ clock, memoryLimit: 300 });
  const watching = new Session(state, 1);
  assertEquals(answer(watching, "watch evictions\r\n"), "OK\r\n");
  const session = new Session(state, 2);
  answer(session, "ms a 3 T100\r\nabc\r\nmg a\r\n");
  clock.advance(10);
  answer(session, "ms b 1\r\nx\r\nms c 1\r\nx\r\nms d 1\r\nx\r\n");
  assertEquals(
    decodeLatin1(watching.watcher?.take() ?? new Uint8Array()),
    "ts=1000000010.0 gid=2 type=eviction key=a fetch=yes ttl=90 la=10 clsid=1 size=3\n" +
      "ts=1000000010.0 gid=3 type=eviction key=b fetch=no ttl=-1 la=0 clsid=1 size=1\n",
  );
});

Deno.test("watch shows the time of the given clock, and what happens to an item", () => {
  const clock = new Clock();
  const state = createState({ clock });
  const watching = new Session(state, 1);
  answer(watching, "watch\r\n");
  const session = new Session(state, 2);
  answer(session, "ms a 1 T10\r\nx\r\nms b 1\r\nx\r\n");
  watching.watcher?.take();
  clock.advance(10);
  answer(session, "get a\r\nflush_all\r\nget b\r\n");
  assertMatch(
    decodeLatin1(watching.watcher?.take() ?? new Uint8Array()),
    /^ts=1000000010\.0 .* key=a status=expired .*\nts=1000000010\.0 .* key=b status=flushed .*\n$/,
  );
});

Deno.test("watch is refused to the twenty-first", () => {
  const state = createState();
  for (let id = 0; id < 20; id++) {
    assertEquals(answer(new Session(state, id), "watch\r\n"), "OK\r\n");
  }
  assertEquals(
    answer(new Session(state, 20), "watch\r\nmn\r\n"),
    "WATCHER_TOO_MANY log watcher limit reached\r\nMN\r\n",
  );
});

Deno.test("Session reads nothing after watch", () => {
  const session = createSession();
  assertEquals(answer(session, "watch\r\nget a\r\nquit\r\n"), "OK\r\n");
  assertEquals(answer(session, "get a\r\n"), "");
  assert(!session.closed);
});
