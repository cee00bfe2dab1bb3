import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { ClientException, SocketError } from "../../../src/errors.ts";
import { RetrievalCommand } from "../../../src/protocol/commands/retrieval.ts";
import { Interruption } from "../../../src/protocol/refusal.ts";
import { AnswerCommand, OK_ANSWERS } from "../../../src/protocol/commands/answer.ts";
import { type Outcome, Outcomes, outcomesOf, replay, requestOf } from "../replay.ts";
import { splits, utf8 } from "../splits.ts";

/** Reads an item as `flags:text`, and refuses flags 13. */
function readItem(flags: number, data: Uint8Array): string {
  if (flags === 13) throw new ClientException("flags 13");
  return `${flags}:${new TextDecoder().decode(data)}`;
}

function get(key: string, outcomes: Outcomes): RetrievalCommand {
  return new RetrievalCommand("get", key, readItem).settleBy(...outcomes.next());
}

function gets(...keys: string[]): (outcomes: Outcomes) => RetrievalCommand[] {
  return (outcomes) => keys.map((key) => get(key, outcomes));
}

function expectOutcomes(keys: string[], reply: string, expected: Outcome[]): void {
  for (const { done, outcomes } of outcomesOf(gets(...keys), reply)) {
    assert(done);
    assertEquals(outcomes, expected);
  }
}

Deno.test("RetrievalCommand writes one request for neighbours", () => {
  const outcomes = new Outcomes();
  const exchange = get("a", outcomes).open();
  assert(exchange.admit(get("b", outcomes)));
  assert(exchange.admit(get("a", outcomes)));
  assertEquals(requestOf(exchange), "get a b a\r\n");
});

Deno.test("RetrievalCommand admits no other command", () => {
  const outcomes = new Outcomes();
  assert(
    !get("a", outcomes).open().admit(
      new AnswerCommand("version", OK_ANSWERS).settleBy(...outcomes.next()),
    ),
  );
});

Deno.test("RetrievalCommand keeps its request line within 16,000 bytes", () => {
  const outcomes = new Outcomes();
  const exchange = get("k".repeat(250), outcomes).open();
  while (exchange.admit(get("k".repeat(250), outcomes)));
  const { length } = requestOf(exchange);
  assert(length <= 16_002 && length > 15_500, `${length}`);
});

Deno.test("RetrievalCommand gives hits and misses to whom they belong", () => {
  expectOutcomes(["a"], "END\r\n", [{ value: undefined }]);
  expectOutcomes(["a"], "VALUE a 0 1\r\nx\r\nEND\r\n", [{ value: "0:x" }]);
  expectOutcomes(["a", "b", "c"], "VALUE b 7 3\r\n\r\n!\r\nEND\r\n", [
    { value: undefined },
    { value: "7:\r\n!" },
    { value: undefined },
  ]);
});

Deno.test("RetrievalCommand accepts a cas unique after the length", () => {
  expectOutcomes(["a"], "VALUE a 0 1 42\r\nx\r\nEND\r\n", [{ value: "0:x" }]);
});

Deno.test("RetrievalCommand matches items that come in another order", () => {
  const reply = "VALUE c 0 1\r\n3\r\nVALUE a 0 1\r\n1\r\nVALUE b 0 1\r\n2\r\nEND\r\n";
  expectOutcomes(["a", "b", "c"], reply, [{ value: "0:1" }, { value: "0:2" }, { value: "0:3" }]);
});

Deno.test("RetrievalCommand gives a key asked for twice its item twice", () => {
  const reply = "VALUE a 0 1\r\n1\r\nVALUE b 0 1\r\n2\r\nVALUE a 0 1\r\n3\r\nEND\r\n";
  expectOutcomes(["a", "b", "a"], reply, [{ value: "0:1" }, { value: "0:2" }, { value: "0:3" }]);
});

Deno.test("RetrievalCommand fails alone when its item cannot be read", () => {
  const outcomes = new Outcomes();
  const exchange = get("a", outcomes).open();
  exchange.admit(get("b", outcomes));
  assert(replay(exchange, [utf8("VALUE a 13 1\r\nx\r\nVALUE b 0 1\r\ny\r\nEND\r\n")]));
  const [a, b] = outcomes.all as [{ error: unknown }, Outcome];
  assertInstanceOf(a.error, ClientException);
  assertEquals(b, { value: "0:y" });
});

const REFUSALS = [
  "ERROR",
  "CLIENT_ERROR",
  "CLIENT_ERROR nonsense",
  "SERVER_ERROR",
  "SERVER_ERROR out of memory",
];

Deno.test("RetrievalCommand fails with the server's refusal", () => {
  for (const line of REFUSALS) {
    for (const { done, outcomes } of outcomesOf(gets("a"), `${line}\r\n`)) {
      assert(done);
      const [{ error }] = outcomes as [{ error: unknown }];
      assertInstanceOf(error, ClientException);
      assertEquals(error.item, line);
    }
  }
});

/** What became of operations whose reply ends with a refusal that leaves open what follows. */
function expectInterruption(keys: string[], reply: string, expected: Outcome[]): void {
  for (const chunks of splits(utf8(reply))) {
    const outcomes = new Outcomes();
    const [first, ...neighbours] = gets(...keys)(outcomes);
    const exchange = first!.open();
    for (const command of neighbours) assert(exchange.admit(command));
    assertThrows(() => replay(exchange, chunks), Interruption, "the server answered");
    assertEquals(outcomes.all, expected);
    const open = Array.from(exchange.commands(), ({ settled }) => settled);
    assertEquals(open, expected.filter((outcome) => outcome === "open").map(() => false));
  }
}

Deno.test("RetrievalCommand does not accept a refusal that may be for a neighbour", () => {
  for (const line of REFUSALS) {
    expectInterruption(["a", "b"], `${line}\r\n`, ["open", "open"]);
    expectInterruption(["a", "b", "c"], `VALUE b 0 1\r\nx\r\n${line}\r\n`, [
      "open",
      { value: "0:x" },
      "open",
    ]);
    expectInterruption(["a", "b"], `VALUE a 0 1\r\nx\r\nVALUE b 0 1\r\ny\r\n${line}\r\n`, [
      { value: "0:x" },
      { value: "0:y" },
    ]);
  }
});

Deno.test("RetrievalCommand ends the connection over a refusal after its item", () => {
  expectInterruption(["a"], "VALUE a 0 1\r\nx\r\nSERVER_ERROR\r\n", [{ value: "0:x" }]);
});

Deno.test("RetrievalCommand may be asked again, alone, unless it changes something or has an answer", () => {
  const outcomes = new Outcomes();
  const [item, first, second] = ["a", "b", "c"].map((key) => get(key, outcomes));
  const touching = new RetrievalCommand("gat 60", "a", readItem).settleBy(...outcomes.next());
  const exchange = item!.open();
  replay(exchange, [utf8("VALUE a 0 999\r\n")]);
  assert(!item!.askAgain());
  assert(!touching.askAgain());
  assert(first!.open().admit(second!));
  assert(first!.askAgain());
  assert(!first!.open().admit(second!));
  assert(!second!.open().admit(first!));
  first!.fail("given up");
  assert(!first!.askAgain());
  for (let times = 0; second!.askAgain(); times++) assert(times < 10, "it is asked for ever");
});

Deno.test("RetrievalCommand shares no request that changes something", () => {
  const gat = () =>
    new RetrievalCommand("gat 60", "a", readItem).settleBy(...new Outcomes().next());
  assert(!gat().open().admit(gat()));
});

Deno.test("RetrievalCommand reads flags that old servers print as negative numbers", () => {
  expectOutcomes(
    ["a", "b", "c", "d"],
    [
      "VALUE a -1 1\r\nx\r\n",
      "VALUE b -2147483648 1\r\nx\r\n",
      "VALUE c 4294967295 1\r\nx\r\n",
      "VALUE d 0 1\r\nx\r\nEND\r\n",
    ].join(""),
    [
      { value: "4294967295:x" },
      { value: "2147483648:x" },
      { value: "4294967295:x" },
      { value: "0:x" },
    ],
  );
});

Deno.test("RetrievalCommand fails alone over what is wrong with its item", () => {
  const wrong: Record<string, string> = {
    "4294967296": "VALUE a 4294967296 1",
    "-2147483649": "VALUE a -2147483649 1",
    "18446744073709551615": "VALUE a 18446744073709551615 1",
    "-": "VALUE a - 1",
    "1x": "VALUE a 1x 1",
    "\u20ac": "VALUE a \u20ac 1",
    "": "VALUE a  1",
    "-5": "VALUE a 0 1 -5",
    "5 5": "VALUE a 0 1 5 5",
    "999999999999999999999": "VALUE a 0 1 999999999999999999999",
  };
  for (const [item, header] of Object.entries(wrong)) {
    const reply = `${header}\r\nx\r\nVALUE b 7 1 5\r\ny\r\nEND\r\n`;
    for (const { done, outcomes } of outcomesOf(gets("a", "b"), reply)) {
      assert(done);
      const [{ error }, b] = outcomes as [{ error: unknown }, Outcome];
      assertInstanceOf(error, ClientException, header);
      assertEquals(error.item, item);
      assert(error.message.startsWith(`Cannot get key "a": the server gave "${item}" for its `));
      assertEquals(b, { value: "7:y" });
    }
  }
});

Deno.test("RetrievalCommand drops the item of an operation that has ended", () => {
  const outcomes = new Outcomes();
  const [aborted, other] = [get("a", outcomes), get("b", outcomes)];
  const exchange = aborted.open();
  exchange.admit(other);
  aborted.fail("aborted");
  assert(replay(exchange, [utf8("VALUE a 0 1\r\nx\r\nVALUE b 0 1\r\ny\r\nEND\r\n")]));
  assertEquals(outcomes.all, [{ error: "aborted" }, { value: "0:y" }]);
});

Deno.test("RetrievalCommand ends the connection over a reply that is not its own", () => {
  const replies = [
    "VALUE c 0 1\r\nx\r\nEND\r\n", // not asked for
    "VALUE a 0 1\r\nx\r\nVALUE a 0 1\r\nx\r\nEND\r\n", // asked once, answered twice
    "VALUE a\r\n",
    "VALUE a 0\r\n",
    "VALUE a 0 -1\r\n",
    "VALUE a 0 1e3\r\n",
    "VALUE a 0 99999999999999999999\r\n",
    "VALUE  0 1\r\n",
    "STORED\r\n",
    "ENDE\r\n",
    "\r\n",
    "VALUES a 0 1\r\n",
    "ERRORS\r\n",
  ];
  for (const reply of replies) {
    assertThrows(() => outcomesOf(gets("a", "b"), reply), SocketError, undefined, reply);
  }
});
