import { assertEquals } from "@std/assert";
import { Gatekeeper } from "../../src/testing/gatekeeper.ts";
import { Session } from "../../src/testing/session.ts";
import { createState } from "./session_world.ts";

const CREDENTIALS = { username: "usér", password: "päss" };

function createSession(): Session {
  return new Session({ ...createState(), gatekeeper: new Gatekeeper(CREDENTIALS) }, 1);
}

function answer(session: Session, request: string): string {
  const replies = Array.from(session.receive(new TextEncoder().encode(request)), (reply) => {
    return new TextDecoder().decode(reply);
  });
  return replies.join("");
}

Deno.test("Session compares user names and passwords as UTF-8", () => {
  const session = createSession();
  assertEquals(answer(session, "set x 0 0 11\r\nusér päss\r\nget a\r\n"), "STORED\r\nEND\r\n");
});

Deno.test("Session answers the same however a request before authentication is split", () => {
  const request = new TextEncoder().encode("set x 0 0 11\r\nusér päss\r\nget a\r\n");
  for (let at = 1; at < request.length; at++) {
    const session = createSession();
    let text = "";
    for (const part of [request.subarray(0, at), request.subarray(at)]) {
      for (const reply of session.receive(part)) text += new TextDecoder().decode(reply);
    }
    assertEquals(text, "STORED\r\nEND\r\n", `split at ${at}`);
  }
});

Deno.test("Session ends when a user name and password are longer than memcached would read", () => {
  const session = createSession();
  assertEquals(answer(session, "set x 0 0 17000\r\n"), "");
  assertEquals(session.closed, true);
});

Deno.test("Session carries out commands at once where no authentication is demanded", () => {
  const session = new Session(createState(), 1);
  assertEquals(answer(session, "get a\r\n"), "END\r\n");
});
