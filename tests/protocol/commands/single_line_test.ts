import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { ClientException, SocketError } from "../../../src/errors.ts";
import type { Command, Exchange } from "../../../src/protocol/command.ts";
import {
  AnswerCommand,
  CounterCommand,
  DeleteCommand,
  OK_ANSWERS,
  TouchCommand,
} from "../../../src/protocol/commands/answer.ts";
import { MetaCommand } from "../../../src/protocol/commands/meta.ts";
import { RetrievalCommand } from "../../../src/protocol/commands/retrieval.ts";
import { SET_ANSWERS, StorageCommand } from "../../../src/protocol/commands/storage.ts";
import { Interruption } from "../../../src/protocol/refusal.ts";
import { type Outcome, Outcomes, outcomesOf, replay, requestOf } from "../replay.ts";
import { utf8 } from "../splits.ts";

const item = { flags: 274, exptime: 60, data: "välue" };

function set(outcomes: Outcomes): Command {
  return new StorageCommand("set", "key", item, SET_ANSWERS).settleBy(...outcomes.next());
}

function del(outcomes: Outcomes): Command {
  return new DeleteCommand("key").settleBy(...outcomes.next());
}

function expectOutcome(make: typeof set, reply: string, expected: Outcome): void {
  for (const { done, outcomes } of outcomesOf((all) => [make(all)], reply)) {
    assert(done);
    assertEquals(outcomes, [expected]);
  }
}

Deno.test("StorageCommand writes its key, flags, exptime, length and data", () => {
  assertEquals(requestOf(set(new Outcomes())), "set key 274 60 6\r\nvälue\r\n");
});

Deno.test("StorageCommand resolves when the item is stored", () => {
  expectOutcome(set, "STORED\r\n", { value: undefined });
});

Deno.test("StorageCommand fails with the line of a server that does not store it, and keeps the connection", () => {
  // The last is what a proxy answers that has lost its server.
  for (const line of ["SERVER_ERROR", "SERVER_ERROR object too large for cache", "NOT_STORED"]) {
    const outcomes = new Outcomes();
    assert(replay(set(outcomes), [utf8(`${line}\r\n`)]));
    const [{ error }] = outcomes.all as [{ error: ClientException }];
    assertInstanceOf(error, ClientException);
    assertEquals(error.item, line);
  }
});

Deno.test("StorageCommand ends the connection when its data block may be read as commands", () => {
  for (const line of ["ERROR", "CLIENT_ERROR", "CLIENT_ERROR bad command line format"]) {
    const outcomes = new Outcomes();
    assertThrows(() => replay(set(outcomes), [utf8(`${line}\r\n`)]), Interruption);
    const [{ error }] = outcomes.all as [{ error: ClientException }];
    assertInstanceOf(error, ClientException);
    assertEquals(error.item, line);
  }
});

Deno.test("DeleteCommand writes its key", () => {
  assertEquals(requestOf(del(new Outcomes())), "delete key\r\n");
});

Deno.test("DeleteCommand resolves to whether the key existed", () => {
  expectOutcome(del, "DELETED\r\n", { value: true });
  expectOutcome(del, "NOT_FOUND\r\n", { value: false });
});

Deno.test("commands name their verb and their key when they are refused, and quote the server", () => {
  const makers: Record<string, (outcomes: Outcomes) => Exchange> = {
    'set key "key"': set,
    'delete key "key"': del,
    'touch key "key"': (outcomes) => new TouchCommand("key", 60).settleBy(...outcomes.next()),
    'incr key "key"': (outcomes) =>
      new CounterCommand({ verb: "incr", key: "key", delta: 1n }).settleBy(...outcomes.next()),
    'gat key "key"': (outcomes) =>
      new RetrievalCommand("gat 60", "key", () => {}).settleBy(...outcomes.next()).open(),
    'mg key "key"': (outcomes) =>
      new MetaCommand({ verb: "mg", key: "key", flags: ["v"] }).settleBy(...outcomes.next()),
    "flush_all": (outcomes) =>
      new AnswerCommand("flush_all 5", OK_ANSWERS).settleBy(...outcomes.next()),
  };
  for (const line of ["SERVER_ERROR out of memory", "SERVER_ERROR"]) {
    for (const [action, make] of Object.entries(makers)) {
      const outcomes = new Outcomes();
      assert(replay(make(outcomes), [utf8(`${line}\r\n`)]));
      const [{ error }] = outcomes.all as [{ error: ClientException }];
      assertEquals(error.message, `Cannot ${action}: the server answered "${line}"`);
      assertEquals(error.item, line);
    }
  }
});

Deno.test("commands of one line end the connection over a reply that is not theirs", () => {
  for (
    const reply of ["END\r\n", "VALUE key 0 1\r\n", "OK\r\n", "\r\n", "STORED \r\n", "stored\r\n"]
  ) {
    for (const make of [set, del]) {
      assertThrows(() => outcomesOf((all) => [make(all)], reply), SocketError, "unexpected reply");
    }
  }
});
