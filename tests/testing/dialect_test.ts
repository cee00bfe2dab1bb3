/** What older servers know, and how they say it. Each answer was seen from a server of that version. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { canImitate, type ImitatedServer } from "../../src/testing/dialect.ts";
import { answer, createSession } from "./session_world.ts";

function ask(imitate: ImitatedServer, request: string): string {
  return answer(createSession({ imitate }), request);
}

Deno.test("imitate sets the version", () => {
  assertEquals(ask("1.4.26", "version\r\n"), "VERSION 1.4.26\r\n");
  assertMatch(ask("1.6.6", "stats\r\n"), /STAT version 1\.6\.6\r\n/);
  assertEquals(answer(createSession(), "version\r\n"), "VERSION 1.6.18-moecache\r\n");
});

Deno.test("imitate answers ERROR to commands that came later", () => {
  const cases: [ImitatedServer, ImitatedServer, string][] = [
    ["1.4.7", "1.4.8", "touch a 0\r\n"],
    ["1.4.17", "1.4.18", "lru_crawler disable\r\n"],
    ["1.4.25", "1.4.26", "watch\r\n"],
    ["1.4.26", "1.4.27", "cache_memlimit 64\r\n"],
    ["1.4.30", "1.4.31", "lru_crawler metadump all\r\n"],
    ["1.5.2", "1.5.3", "gat 0 a\r\n"],
    ["1.5.2", "1.5.3", "gats 0 a\r\n"],
    ["1.5.18", "1.5.19", "mg a v\r\n"],
    ["1.5.18", "1.5.19", "mn\r\n"],
    ["1.5.22", "1.6.0", "ma a v\r\n"],
  ];
  for (const [before, since, request] of cases) {
    assertEquals(ask(before, request), "ERROR\r\n", `${before} ${request}`);
    assert(!ask(since, request).startsWith("ERROR"), `${since} ${request}`);
  }
});

Deno.test("imitate before 1.5.19 treats the value after ms as a command", () => {
  assertEquals(ask("1.5.16", "ms a 1\r\nx\r\n"), "ERROR\r\nERROR\r\n");
});

Deno.test("imitate up to 1.4.26 prints flags from 2^31 up as negative numbers", () => {
  const request = "set a 4294967295 0 1\r\nx\r\nset b 2147483647 0 1\r\nx\r\nget a b\r\n";
  const items = (flags: number) =>
    `STORED\r\nSTORED\r\nVALUE a ${flags} 1\r\nx\r\nVALUE b 2147483647 1\r\nx\r\nEND\r\n`;
  assertEquals(ask("1.4.26", request), items(-1));
  assertEquals(ask("1.4.27", request), items(4294967295));
});

Deno.test("imitate before 1.5.4 lists keys without class, size and END", () => {
  const dump = (imitate: ImitatedServer) => {
    const session = createSession({ imitate });
    answer(session, "set a 0 0 1\r\nx\r\n");
    return answer(session, "lru_crawler metadump all\r\n");
  };
  assertMatch(dump("1.5.3"), /^key=a exp=-1 la=\d+ cas=1 fetch=no\n$/);
  assertMatch(dump("1.5.4"), /^key=a exp=-1 la=\d+ cas=1 fetch=no cls=1 size=61\nEND\r\n$/);
});

Deno.test("imitate before 1.6.9 walks no hash table", () => {
  const request = "lru_crawler metadump hash\r\n";
  assertEquals(ask("1.6.8", request), "BADCLASS invalid class id\r\n");
  assertEquals(ask("1.6.9", request), "END\r\n");
});

Deno.test("imitate before 1.6.10 speaks the first draft of the meta commands", () => {
  const session = createSession({ imitate: "1.6.6" });
  const cases: [string, string][] = [
    ["ms a S1\r\nx\r\n", "OK \r\n"],
    ["ms b S1 T0 k c O1\r\nx\r\n", "OK  kb O1\r\n"],
    ["ms a 1\r\nx\r\n", "CLIENT_ERROR invalid flag\r\nERROR\r\n"],
    ["ms d S3 Fx\r\nabc\r\n", "CLIENT_ERROR bad command line format\r\n"],
    ["ms d S2\r\nabc\r\n", "CLIENT_ERROR bad data chunk\r\nERROR\r\n"],
    ["mg a s v\r\n", "VA 1 s1\r\nx\r\n"],
    ["mg a k O1\r\n", "OK ka O1\r\n"],
    ["mg a\r\n", "CLIENT_ERROR bad command line format\r\n"],
    ["mg YQ== b v\r\n", "CLIENT_ERROR invalid flag\r\n"],
    ["mg nope k O1\r\n", "EN\r\n"],
    ["md a O1\r\n", "OK  O1\r\n"],
    ["md a O1\r\n", "NF  O1\r\n"],
    ["ma n N0 J5 O1 v\r\n", "VA 1 O1\r\n5\r\n"],
    ["ma n O1\r\n", "OK O1\r\n"],
    ["ma nope O1\r\n", "NF  O1\r\n"],
    ["mn\r\n", "MN\r\n"],
  ];
  for (const [request, expected] of cases) {
    assertEquals(answer(session, request), expected, request);
  }
});

Deno.test("imitate 1.6.10 to 1.6.17 gives no opaque back on a miss, and spaces too many", () => {
  for (const imitate of ["1.6.10", "1.6.12", "1.6.17"] as const) {
    const session = createSession({ imitate });
    const cases: [string, string][] = [
      ["ms a 1 O1\r\nx\r\n", "HD O1\r\n"],
      ["mg a O1\r\n", "HD O1\r\n"],
      ["mg a\r\n", "CLIENT_ERROR bad command line format\r\n"],
      ["mg nope v O1 k\r\n", "EN\r\n"],
      ["mg nope v q\r\n", ""],
      ["md a O1\r\n", "HD  O1\r\n"],
      ["md a\r\n", "NF \r\n"],
      ["ma a O1\r\n", "NF  O1\r\n"],
    ];
    for (const [request, expected] of cases) {
      assertEquals(answer(session, request), expected, `${imitate} ${request}`);
    }
  }
  assertEquals(ask("1.6.18", "mg nope v O1 k\r\n"), "EN O1 knope\r\n");
});

Deno.test("imitate before 1.6.14 refuses flags for proxies", () => {
  assertEquals(ask("1.6.13", "mg a v P1\r\n"), "CLIENT_ERROR invalid flag\r\n");
  assertEquals(ask("1.6.14", "mg a v P1\r\n"), "EN\r\n");
});

Deno.test("imitate twemproxy hangs up at what twemproxy does not know", () => {
  for (const request of ["stats", "mg a v", "flush_all", "gat 0 a", "nonsense"]) {
    const session = createSession({ imitate: "twemproxy 0.5" });
    assertEquals(answer(session, `get a\r\n${request}\r\nget a\r\n`), "END\r\n", request);
    assert(session.closed, request);
  }
});

Deno.test("imitate twemproxy knows version since 0.5", () => {
  assertEquals(ask("twemproxy 0.5", "version\r\n"), "VERSION 1.6.18-moecache\r\n");
  const session = createSession({ imitate: "twemproxy 0.4" });
  assertEquals(answer(session, "version\r\n"), "");
  assert(session.closed);
});

Deno.test("canImitate knows what there is to imitate", () => {
  for (const server of ["1.4.0", "1.5.22", "1.6.18", "twemproxy 0.4"]) assert(canImitate(server));
  const others = [
    "1.6.19",
    "1.3.9",
    "1.7.0",
    "1.6",
    "1.6.18-x",
    "2.0.0",
    "mcrouter",
    "",
    1.6,
    null,
  ];
  for (const server of others) assert(!canImitate(server), `${server}`);
});

Deno.test("flagBits 64 keeps 64 bits of the flags, as memcached built with large client flags", () => {
  const session = createSession({ flagBits: 64 });
  const flags = "18446744073709551615";
  assertEquals(
    answer(session, `set a ${flags} 0 1\r\nx\r\nget a\r\nappend a 0 0 1\r\ny\r\nmg a f\r\n`),
    `STORED\r\nVALUE a ${flags} 1\r\nx\r\nEND\r\nSTORED\r\nHD f${flags}\r\n`,
  );
  assertEquals(
    answer(session, "ms b 1 F9007199254740993\r\nx\r\nget b\r\nset c 5 0 1\r\nx\r\nget c\r\n"),
    "HD\r\nVALUE b 9007199254740993 1\r\nx\r\nEND\r\nSTORED\r\nVALUE c 5 1\r\nx\r\nEND\r\n",
  );
});
