import { assert, assertEquals, assertMatch } from "@std/assert";
import { encodeLatin1 } from "../../src/testing/byte_text.ts";
import { type Exchange, protocolExchanges } from "../conformance/protocol_conformance.ts";
import { Session } from "../../src/testing/session.ts";
import { answer, Clock, createSession, createState, replies } from "./session_world.ts";

/** Splitting at each offset is quadratic; nothing is to be learnt from doing it with a megabyte. */
const exchanges = protocolExchanges.filter(({ name, send, atOnce, endsWith }) =>
  textOf(send).length < 1000 && !name.startsWith("stats conns") && !atOnce && !endsWith
);

function textOf(send: Exchange["send"]): string {
  return [send].flat().join("");
}

function assertAnswer(actual: string, { name, expect }: Exchange): void {
  if (typeof expect === "string") assertEquals(actual, expect, name);
  else assertMatch(actual, expect, name);
}

Deno.test("Session answers every exchange that must not be split", () => {
  for (const exchange of protocolExchanges.filter(({ atOnce, endsWith }) => atOnce || endsWith)) {
    const session = createSession();
    const parts = [exchange.send].flat();
    assertAnswer(parts.map((part) => answer(session, part)).join(""), exchange);
  }
});

Deno.test("Session answers every exchange when it comes byte by byte", () => {
  for (const exchange of exchanges) {
    const session = createSession();
    const bytes = [...textOf(exchange.send)];
    assertAnswer(bytes.map((byte) => answer(session, byte)).join(""), exchange);
  }
});

Deno.test("Session answers every exchange split at any place", () => {
  for (const exchange of exchanges) {
    const text = textOf(exchange.send);
    for (let offset = 0; offset <= text.length; offset++) {
      const session = createSession();
      const head = answer(session, text.slice(0, offset));
      assertAnswer(head + answer(session, text.slice(offset)), exchange);
    }
  }
});

Deno.test("Session does not keep the bytes that it was given", () => {
  const session = createSession();
  const bytes = encodeLatin1("set a 0 0 1\r\nx\r\nget ");
  for (const _ of session.receive(bytes));
  bytes.fill(0);
  assertEquals(answer(session, "a\r\n"), "VALUE a 0 1\r\nx\r\nEND\r\n");
});

Deno.test("Session reads nothing after quit", () => {
  const session = createSession();
  assertEquals(answer(session, "get a\r\nquit\r\nget a\r\n"), "END\r\n");
  assert(session.closed);
});

Deno.test("Session gives up on a line without an end", () => {
  for (const line of ["x", "gat 1 ", "getx ", " ".repeat(101) + "get "]) {
    const session = createSession();
    assertEquals(answer(session, line + "x".repeat(2048)), "");
    assert(session.closed, line);
  }
});

Deno.test("Session waits for the end of a get, until its keys are more than any client asks for", () => {
  const session = createSession();
  assertEquals(answer(session, "get " + "a ".repeat(100_000)), "");
  assertEquals(answer(session, "\r\n"), "END\r\n");
  for (let length = 0; length < 4 * 1024 * 1024 && !session.closed; length += 65536) {
    answer(session, length === 0 ? "get " : "a ".repeat(32768));
  }
  assert(!session.closed);
  answer(session, "a ".repeat(65536));
  assert(session.closed);
});

Deno.test("Session returns replies before they use much memory", () => {
  const session = createSession();
  answer(session, `set a 0 0 60000\r\n${"x".repeat(60000)}\r\n`);
  const request = encodeLatin1(`get ${"a ".repeat(1000)}\r\n`.repeat(3));
  let byteLength = 0;
  for (const reply of replies(session, request)) {
    assert(reply.byteLength <= 128 * 1024);
    byteLength += reply.byteLength;
  }
  assertEquals(byteLength, 3 * (1000 * ("VALUE a 0 60000\r\n\r\n".length + 60000) + 5));
});

Deno.test("Session returns a value as it was when it was asked for", () => {
  const session = createSession();
  const large = "x".repeat(100_000);
  answer(session, `set a 0 0 100000\r\n${large}\r\n`);
  const request = `get a\r\nset a 0 0 100000\r\n${"y".repeat(100_000)}\r\n`;
  assertEquals(answer(session, request), `VALUE a 0 100000\r\n${large}\r\nEND\r\nSTORED\r\n`);
});

Deno.test("Session evicts when memory is full, and says so", () => {
  const session = createSession({ memoryLimit: 1000 });
  for (const key of "abc") answer(session, `set ${key} 0 0 300\r\n${"x".repeat(300)}\r\n`);
  assertEquals(answer(session, "get a\r\n"), "END\r\n");
  const stats = answer(session, "stats\r\n");
  assertMatch(stats, /STAT limit_maxbytes 1000\r\n/);
  assertMatch(stats, /STAT bytes 720\r\nSTAT curr_items 2\r\nSTAT total_items 3\r\n/);
  assertMatch(stats, /STAT evictions 1\r\n/);
});

Deno.test("Session refuses an item that memory has no room for, even were it empty", () => {
  const session = createSession({ memoryLimit: 1000 });
  assertEquals(
    answer(session, `set a 0 0 1000\r\n${"x".repeat(1000)}\r\nget a\r\n`),
    "SERVER_ERROR out of memory storing object\r\nEND\r\n",
  );
});

Deno.test("Session lets time pass by the clock it was given", () => {
  const clock = new Clock();
  const session = createSession({ clock });
  answer(session, "set a 0 60 1\r\nx\r\nset b 0 0 1\r\nx\r\nflush_all 100\r\n");
  clock.advance(60);
  assertEquals(answer(session, "get a b\r\n"), "VALUE b 0 1\r\nx\r\nEND\r\n");
  clock.advance(40);
  assertEquals(answer(session, "get b\r\n"), "END\r\n");
  assertMatch(answer(session, "stats\r\n"), /STAT uptime 100\r\n/);
});

Deno.test("Session answers config get cluster with the cluster", () => {
  const state = createState();
  const session = new Session(state, 1);
  assertEquals(answer(session, "config get cluster\r\n"), "ERROR\r\n");
  state.cluster = ["127.0.0.1:1", "[::1]:2", "0a.example:3"];
  state.clusterVersion = 7;
  const text = "7\n127.0.0.1|127.0.0.1|1 ::1|::1|2 0a.example||3\n";
  const reply = `CONFIG cluster 0 ${text.length}\r\n${text}\r\nEND\r\n`;
  assertEquals(answer(session, "config get cluster\r\n"), reply);
  assertEquals(answer(session, "config get other\r\n"), "END\r\n");
  assertEquals(answer(session, "config\r\nconfig set cluster 0 1\r\n"), "ERROR\r\nERROR\r\n");
});
