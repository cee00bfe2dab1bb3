import { assertEquals, assertMatch } from "@std/assert";
import { type AuthDialect, Gatekeeper } from "../../src/testing/gatekeeper.ts";
import type { ServerState } from "../../src/testing/server_state.ts";
import { Session } from "../../src/testing/session.ts";
import { createState, replies } from "./session_world.ts";

const CREDENTIALS = { username: "usér", password: "päss" };

function createSession(
  dialect: AuthDialect = "memcached",
): { session: Session; state: ServerState } {
  const state = createState();
  const gatekeeper = new Gatekeeper(CREDENTIALS, dialect, state.statistics);
  return { session: new Session({ ...state, gatekeeper }, 1), state };
}

function answer(session: Session, request: string): string {
  const parts = Array.from(replies(session, new TextEncoder().encode(request)), (reply) => {
    return new TextDecoder().decode(reply);
  });
  return parts.join("");
}

Deno.test("Session compares user names and passwords as UTF-8", () => {
  const { session } = createSession();
  assertEquals(answer(session, "set x 0 0 11\r\nusér päss\r\nget a\r\n"), "STORED\r\nEND\r\n");
});

Deno.test("Session answers the same however a request before authentication is split", () => {
  const request = new TextEncoder().encode("set x 0 0 11\r\nusér päss\r\nget a\r\n");
  for (let at = 1; at < request.length; at++) {
    const { session } = createSession();
    let text = "";
    for (const part of [request.subarray(0, at), request.subarray(at)]) {
      for (const reply of replies(session, part)) text += new TextDecoder().decode(reply);
    }
    assertEquals(text, "STORED\r\nEND\r\n", `split at ${at}`);
  }
});

Deno.test("Session ends when a user name and password are longer than memcached would read", () => {
  const { session } = createSession();
  assertEquals(answer(session, "set x 0 0 17000\r\n"), "");
  assertEquals(session.closed, true);
});

Deno.test("Session carries out commands at once where no authentication is demanded", () => {
  const session = new Session(createState(), 1);
  assertEquals(answer(session, "get a\r\n"), "END\r\n");
});

Deno.test("Session takes user name and password as MemCachier does: as key and value", () => {
  const { session } = createSession("memcachier");
  assertEquals(answer(session, "get a\r\n"), "CLIENT_ERROR unauthenticated\r\n");
  const failure = "CLIENT_ERROR authentication failure\r\n";
  assertEquals(answer(session, "set usér 0 0 4\r\nnope\r\n"), failure);
  assertEquals(answer(session, "set user 0 0 5\r\npäss\r\n"), failure);
  assertEquals(answer(session, "set x 0 0 11\r\nusér päss\r\n"), failure);
  assertEquals(answer(session, "set usér 0 0 5\r\npäss\r\nget a\r\n"), "STORED\r\nEND\r\n");
});

Deno.test("stats counts attempts to authenticate, and failures", () => {
  const { session } = createSession();
  answer(session, "set x 0 0 11\r\nusér nope!\r\n");
  answer(session, "set x 0 0 4\r\nnope\r\n");
  answer(session, "set x 0 0 11\r\nusér päss\r\n");
  const stats = answer(session, "stats\r\n");
  assertMatch(stats, /STAT auth_cmds 2\r\nSTAT auth_errors 1\r\n/);
});
