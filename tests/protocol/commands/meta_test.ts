import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { ClientException, SocketError } from "../../../src/errors.ts";
import {
  MetaCommand,
  type MetaRequest,
  readItemInfo,
} from "../../../src/protocol/commands/meta.ts";
import { Interruption } from "../../../src/protocol/refusal.ts";
import { type Outcome, Outcomes, outcomesOf, replay, requestOf } from "../replay.ts";
import { utf8 } from "../splits.ts";

const GET: MetaRequest = { verb: "mg", key: "key", flags: ["v", "Oabc"] };
const QUIET: MetaRequest = { verb: "mg", key: "key", flags: ["v", "q"] };

function expectReply(request: MetaRequest, reply: string, expected: Outcome): void {
  const make = (outcomes: Outcomes) => [new MetaCommand(request).settleBy(...outcomes.next())];
  for (const { done, outcomes } of outcomesOf(make, reply)) {
    assert(done, reply);
    assertEquals(outcomes, [expected], reply);
  }
}

Deno.test("MetaCommand misses the opaque token of no answer that old servers give without it", () => {
  for (const status of ["EN", "NF", "NS", "EX"] as const) {
    expectReply(GET, `${status}\r\n`, { value: { status, flags: {} } });
    expectReply(GET, `${status} Oabc\r\n`, { value: { status, flags: { O: "abc" } } });
  }
});

Deno.test("MetaCommand ends the connection over a wrong or missing opaque token", () => {
  for (const reply of ["EN Oabd", "NF Oab", "HD", "HD Ob", "VA 1\r\nx", "VA 1 O\r\nx"]) {
    const command = new MetaCommand(GET).settleBy(...new Outcomes().next());
    assertThrows(() => replay(command, [utf8(`${reply}\r\n`)]), SocketError, "opaque", reply);
  }
});

Deno.test("MetaCommand ends the connection over a value without a length, and a second reply", () => {
  const wrong = {
    malformed: ["VA\r\n", "VA x\r\n", "VA -1\r\n", "VA 12345678901\r\n"],
    "two replies": ["HD\r\nHD\r\n", "VA 1\r\nx\r\nEN\r\n"],
  };
  for (const [why, replies] of Object.entries(wrong)) {
    for (const reply of replies) {
      const command = new MetaCommand(QUIET).settleBy(...new Outcomes().next());
      assertThrows(() => replay(command, [utf8(reply)]), SocketError, why, reply);
    }
  }
});

Deno.test("MetaCommand does not treat an additional space as a flag", () => {
  const request = { verb: "md", key: "key", flags: ["Oabc"] } as const;
  for (const status of ["NF", "HD", "EX"] as const) {
    expectReply(request, `${status}  Oabc\r\n`, { value: { status, flags: { O: "abc" } } });
    expectReply({ ...request, flags: [] }, `${status} \r\n`, { value: { status, flags: {} } });
  }
});

Deno.test("MetaCommand reads the fields of me's reply, with others between them", () => {
  const debug = { exp: "-1", la: "0", fetch: "no", note: "", odd: "a=b" };
  const reply = "ME key exp=-1  la=0 fetch=no note odd=a=b \r\n";
  const value = { status: "ME", flags: {}, debug } as const;
  expectReply({ verb: "me", key: "key", flags: [] }, reply, { value });
});

Deno.test("MetaCommand gives flags beyond 32 bits exactly", () => {
  const flags = { f: "18446744073709551615", s: "1" };
  const value = { status: "HD", flags } as const;
  expectReply({ ...GET, flags: ["f", "s"] }, `HD f${flags.f} s1\r\n`, { value });
});

/** The error of a command, and whether its reply was complete, or the error that ends the connection. */
function refusalOf(request: MetaRequest, reply: string): [error: unknown, end: unknown] {
  const outcomes = new Outcomes();
  const command = new MetaCommand(request).settleBy(...outcomes.next());
  let end: unknown;
  try {
    end = replay(command, [utf8(reply)]);
  } catch (error) {
    end = error;
  }
  return [(outcomes.all[0] as { error: unknown }).error, end];
}

Deno.test("MetaCommand ends after its refusal, bare or not", () => {
  for (const line of ["SERVER_ERROR", "SERVER_ERROR backend failure", "CLIENT_ERROR", "ERROR"]) {
    const [error, end] = refusalOf(GET, `${line}\r\n`);
    assertInstanceOf(error, ClientException);
    assertEquals([error.item, end], [line, true]);
  }
});

Deno.test("MetaCommand ends the connection when its value may be read as commands", () => {
  const request = { verb: "ms", key: "key", flags: [], data: "value" } as const;
  const [error, end] = refusalOf(request, "CLIENT_ERROR bad data chunk\r\n");
  assertInstanceOf(error, ClientException);
  assertInstanceOf(end, Interruption);
});

Deno.test("MetaCommand that is quiet goes on after a refusal where its fence is answered", () => {
  assertEquals(requestOf(new MetaCommand(QUIET)), "mg key v q\r\nmn\r\n");
  for (const reply of ["CLIENT_ERROR nonsense\r\nMN\r\n", "ERROR\r\nMN\r\n"]) {
    const [error, end] = refusalOf(QUIET, reply);
    assertInstanceOf(error, ClientException);
    assertEquals(end, true);
  }
  // A server that knows no meta commands.
  const [error, end] = refusalOf(QUIET, "ERROR\r\nERROR\r\n");
  assertInstanceOf(error, ClientException);
  assertEquals(end, true);
});

Deno.test("MetaCommand that is quiet does not accept a refusal that may be for the command after it", () => {
  for (
    const reply of [
      // memcached's own proxy, which does not know `mn`: the next reply is another operation's.
      "SERVER_ERROR lua failure\r\n",
      "CLIENT_ERROR nonsense\r\nSTORED\r\n",
      "CLIENT_ERROR nonsense\r\nERROR\r\n",
      "ERROR\r\nVALUE key 0 1\r\n",
      "ERROR\r\nHD\r\n",
    ]
  ) {
    const [error, end] = refusalOf(QUIET, reply);
    assertInstanceOf(error, ClientException, reply);
    assertInstanceOf(end, Interruption, reply);
  }
});

Deno.test("MetaCommand that is quiet keeps its reply where its fence is refused", () => {
  expectReply(QUIET, "VA 1\r\nx\r\nSERVER_ERROR lua failure\r\n", {
    value: { status: "VA", flags: {}, value: utf8("x") },
  });
});

Deno.test("readItemInfo rounds no flags, and reads those of old servers", () => {
  const flagsOf = (f: string) => {
    const { flags } = readItemInfo({
      status: "HD",
      flags: { f, s: "1", c: "7", t: "-1", l: "0", h: "0" },
    }, "key");
    return flags;
  };
  assertEquals(flagsOf("274"), 274);
  assertEquals(flagsOf("-1"), 0xffffffff);
  assertEquals(flagsOf("4294967296"), 4294967296);
  assertEquals(flagsOf("9007199254740991"), Number.MAX_SAFE_INTEGER);
  assertEquals(flagsOf("9007199254740993"), 9007199254740993n);
  assertEquals(flagsOf("-9007199254740993"), -9007199254740993n);
  assertEquals(flagsOf("18446744073709551615"), 2n ** 64n - 1n);
  for (const f of ["", "x", "1.5", "-"]) assertThrows(() => flagsOf(f), ClientException, "flag f");
});
