import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ValidationException } from "../../mod.ts";
import { deadBackend, type Fault, type FaultRequest } from "../../src/testing/faults.ts";
import { Session } from "../../src/testing/session.ts";
import { answer, createSession, createState, steps } from "./session_world.ts";

const REFUSAL = "SERVER_ERROR backend failure";

/** A session whose requests for the command all fail in the same way. */
function failing(command: string, fault: Fault): Session {
  return createSession({
    fault: (request) => request.command === command ? fault : undefined,
  });
}

Deno.test("a fault hook is shown each request: command, keys, line and connection", () => {
  const requests: FaultRequest[] = [];
  const state = createState({ fault: (request) => void requests.push(request) });
  const session = new Session(state, 7);
  const exchange = [
    "get  a b",
    "gat 0 a b",
    "set \xc3\xa9 0 0 3 noreply\r\nxyz",
    "incr n 5",
    "mg Zm9v b v",
    "ms a 3 b\r\nxyz",
    "stats items",
    "toString a",
    "",
  ];
  answer(session, exchange.join("\r\n"));
  assertEquals(requests.map(({ command, keys }) => [command, ...keys]), [
    ["get", "a", "b"],
    ["gat", "a", "b"],
    ["set", "é"],
    ["incr", "n"],
    ["mg", "foo"],
    ["ms", "a"],
    ["stats"],
    ["toString"],
  ]);
  assertEquals(requests[0]?.line, "get  a b");
  assertEquals(requests[2]?.line, "set é 0 0 3 noreply");
  assertEquals(requests[0]?.connection, 7);
});

Deno.test("a fault's reply is sent in the place of the command's, which is not carried out", () => {
  const session = failing("delete", { reply: "SERVER_ERROR no" });
  answer(session, "set a 0 0 1\r\nx\r\n");
  assertEquals(
    answer(session, "delete a\r\ndelete a noreply\r\nget a\r\n"),
    "SERVER_ERROR no\r\nSERVER_ERROR no\r\nVALUE a 0 1\r\nx\r\nEND\r\n",
  );
});

Deno.test("a fault's reply may be empty, of several lines or of any characters", () => {
  assertEquals(answer(failing("get", { reply: "" }), "get a\r\nmn\r\n"), "MN\r\n");
  assertEquals(
    answer(failing("get", { reply: "VALUE é 0 1\r\nx\r\nEND" }), "get a\r\n"),
    "VALUE \xc3\xa9 0 1\r\nx\r\nEND\r\n",
  );
});

Deno.test("a fault's reply to a command that stores comes after its value", () => {
  for (const request of ["set a 0 0 5\r\nget b\r\n", "ms a 5\r\nget b\r\n"]) {
    const [command = ""] = request.split(" ");
    const session = failing(command, { reply: "SERVER_ERROR no" });
    assertEquals(answer(session, `${request}get a\r\n`), "SERVER_ERROR no\r\nEND\r\n");
  }
});

Deno.test("a fault's itemReplies are sent among the items", () => {
  const session = failing("get", { itemReplies: { b: REFUSAL, é: "ERROR" } });
  answer(session, "set a 0 0 1\r\nx\r\nset b 0 0 1\r\ny\r\nset c 0 0 1\r\nz\r\n");
  assertEquals(
    answer(session, "get b a \xc3\xa9 c\r\n"),
    `${REFUSAL}\r\nVALUE a 0 1\r\nx\r\nERROR\r\nVALUE c 0 1\r\nz\r\nEND\r\n`,
  );
});

Deno.test("a fault's delay comes before the command, and after the replies before it", () => {
  const session = failing("get", { delay: 50 });
  assertEquals(steps(session, "mn\r\nget a\r\nmn\r\n"), ["MN\r\n", 50, "END\r\nMN\r\n"]);
  assertEquals(steps(failing("get", { delay: 50, reply: "no" }), "get a\r\n"), [50, "no\r\n"]);
});

Deno.test("a fault's drop before a command ends the conversation, and nothing is stored", () => {
  const state = createState({ fault: ({ command }) => command === "set" ? drop : undefined });
  const drop: Fault = { drop: "before" };
  const session = new Session(state, 1);
  assertEquals(answer(session, "mn\r\nset a 0 0 1\r\nx\r\nmn\r\n"), "MN\r\n");
  assertEquals([session.closed, session.closeReason], [true, "error"]);
  assertEquals(answer(new Session(state, 2), "get a\r\n"), "END\r\n");
});

Deno.test("a fault's drop after a command ends the conversation, and what is stored is stored", () => {
  for (
    const request of ["set a 0 0 1\r\nx\r\n", "set a 0 0 1 noreply\r\nx\r\n", "ms a 1\r\nx\r\n"]
  ) {
    const [command] = request.split(" ");
    const drop: Fault = { drop: "after" };
    const state = createState({ fault: (given) => given.command === command ? drop : undefined });
    const session = new Session(state, 1);
    assertEquals(answer(session, `mn\r\n${request}mn\r\n`), "MN\r\n");
    assert(session.closed);
    assertEquals(answer(new Session(state, 2), "get a\r\n"), "VALUE a 0 1\r\nx\r\nEND\r\n");
  }
});

Deno.test("a fault's drop after a number of bytes sends no more of the reply", () => {
  const whole = "VALUE a 0 5\r\nhello\r\nEND\r\n";
  for (let drop = 0; drop <= whole.length; drop++) {
    const session = failing("get", { drop });
    answer(session, "set a 0 0 5\r\nhello\r\n");
    assertEquals(answer(session, "mn\r\nget a\r\n"), `MN\r\n${whole.slice(0, drop)}`);
    assert(session.closed);
  }
});

Deno.test("a fault's drop within a large value frees the value", () => {
  const state = createState({ fault: ({ command }) => command === "get" ? drop : undefined });
  const drop: Fault = { drop: 150_000 };
  const session = new Session(state, 1);
  answer(session, `set a 0 0 500000\r\n${"x".repeat(500_000)}\r\n`);
  assertEquals(answer(session, "get a\r\n").length, 150_000);
  state.store.delete("a");
  assertEquals(state.store.memory.usedByteLength, 0);
});

Deno.test("a fault whose reply is cut ends the conversation too", () => {
  const session = failing("set", { reply: "SERVER_ERROR no", drop: 6 });
  assertEquals(answer(session, "set a 0 0 1\r\nx\r\nmn\r\n"), "SERVER");
  assert(session.closed);
});

Deno.test("a fault hook must return a fault, or nothing", () => {
  const wrong = [
    null,
    "SERVER_ERROR no",
    { dely: 5 },
    { delay: -1 },
    { delay: NaN },
    { delay: "5" },
    { reply: 5 },
    { itemReplies: "a" },
    { itemReplies: { a: 1 } },
    { drop: "later" },
    { drop: 1.5 },
    { drop: true },
  ];
  for (const fault of wrong) {
    const session = createSession({ fault: () => fault as Fault });
    assertThrows(() => answer(session, "get a\r\n"), ValidationException);
  }
  const nothing = { delay: undefined, reply: undefined, drop: undefined } as unknown as Fault;
  assertEquals(answer(createSession({ fault: () => nothing }), "get a\r\n"), "END\r\n");
});

Deno.test("deadBackend takes one key, several or a function, and refuses an unknown proxy", () => {
  for (const keys of ["dead", ["dead"], new Set(["dead"]), (key: string) => key === "dead"]) {
    const session = createSession({ fault: deadBackend(keys) });
    assertEquals(answer(session, "get dead\r\nget d\r\n"), `${REFUSAL}\r\nEND\r\n`);
  }
  assertThrows(() => deadBackend("a", "mcrouter" as "twemproxy"), ValidationException);
});

Deno.test("deadBackend answers a get of many keys key by key, as memcached's proxy does", () => {
  const session = createSession({ fault: deadBackend(["b", "d"]) });
  answer(session, "set a 0 0 1\r\nx\r\nset c 0 0 1\r\nz\r\n");
  for (const command of ["get", "gat 0"]) {
    assertEquals(
      answer(session, `${command} a b c d\r\n`),
      `VALUE a 0 1\r\nx\r\n${REFUSAL}\r\nVALUE c 0 1\r\nz\r\n${REFUSAL}\r\nEND\r\n`,
    );
  }
  assertMatch(
    answer(session, "gets b a\r\n"),
    /^SERVER_ERROR backend failure\r\nVALUE a 0 1 \d+\r\nx\r\nEND\r\n$/,
  );
  assertEquals(answer(session, "get b d\r\n"), `${REFUSAL}\r\n${REFUSAL}\r\nEND\r\n`);
});

Deno.test("deadBackend refuses every other request, with noreply too, as memcached's proxy does", () => {
  const session = createSession({ fault: deadBackend((key) => key.startsWith("dead")) });
  const requests = [
    "get dead",
    "delete dead noreply",
    "set dead1 0 0 1 noreply\r\nx",
    "mg dead q v",
  ];
  for (const request of requests) assertEquals(answer(session, `${request}\r\n`), `${REFUSAL}\r\n`);
  assertEquals(answer(session, "set alive 0 0 1\r\nx\r\n"), "STORED\r\n");
});

Deno.test("deadBackend refuses a get as a whole, as twemproxy does", () => {
  const refusal = "SERVER_ERROR Connection refused\r\n";
  const session = createSession({ fault: deadBackend(["b"], "twemproxy") });
  answer(session, "set a 0 0 1\r\nx\r\n");
  assertEquals(answer(session, "get a b\r\nset b 0 0 1\r\nx\r\n"), refusal + refusal);
  assertEquals(answer(session, "delete b noreply\r\nget a\r\n"), "VALUE a 0 1\r\nx\r\nEND\r\n");
});
