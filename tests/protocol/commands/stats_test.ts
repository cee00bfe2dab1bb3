import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { ClientException, SocketError, ValidationException } from "../../../src/errors.ts";
import { checkStatsArguments, StatsCommand } from "../../../src/protocol/commands/stats.ts";
import { Interruption } from "../../../src/protocol/refusal.ts";
import { Outcomes, outcomesOf, replay, requestOf } from "../replay.ts";
import { utf8 } from "../splits.ts";

function expectStats(reply: string, stats: Record<string, string>): void {
  const make = (outcomes: Outcomes) => [new StatsCommand(undefined).settleBy(...outcomes.next())];
  for (const { done, outcomes } of outcomesOf(make, reply)) {
    assert(done);
    assertEquals(outcomes, [{ value: stats }]);
  }
}

Deno.test("StatsCommand passes its arguments unchanged", () => {
  const request = (args?: string) =>
    requestOf(new StatsCommand(args).settleBy(...new Outcomes().next()));
  assertEquals(request(), "stats\r\n");
  // mcrouter refuses a line that ends with a space.
  assertEquals(request(""), "stats\r\n");
  assertEquals(request(" "), "stats\r\n");
  assertEquals(request(" items "), "stats items\r\n");
  assertEquals(request("detail  dump"), "stats detail  dump\r\n");
});

Deno.test("StatsCommand keeps values with spaces, and those without any", () => {
  const reply = "STAT version 1.6.18\r\nSTAT evictions\r\nSTAT inter 127.0.0.1 or so\r\nEND\r\n";
  expectStats(reply, { version: "1.6.18", evictions: "", inter: "127.0.0.1 or so" });
});

Deno.test("StatsCommand reads the lines of detail dump and cachedump", () => {
  expectStats("PREFIX user get 1 hit 0 set 1 del 0\r\nEND\r\n", {
    user: "get 1 hit 0 set 1 del 0",
  });
  expectStats("ITEM key [1 b; 0 s]\r\nEND\r\n", { key: "[1 b; 0 s]" });
});

Deno.test("StatsCommand resolves to an empty record if there are no statistics", () => {
  for (const line of ["END", "RESET", "OK"]) expectStats(`${line}\r\n`, {});
});

Deno.test("StatsCommand makes any name a property of the record's own", () => {
  const outcomes = new Outcomes();
  replay(new StatsCommand("detail dump").settleBy(...outcomes.next()), [
    utf8("PREFIX __proto__ get 1\r\nPREFIX constructor get 2\r\nEND\r\n"),
  ]);
  const [{ value }] = outcomes.all as [{ value: Record<string, string> }];
  assertEquals(Object.entries(value), [["__proto__", "get 1"], ["constructor", "get 2"]]);
});

Deno.test("StatsCommand fails with the server's refusal", () => {
  const outcomes = new Outcomes();
  assert(replay(new StatsCommand("nonsense").settleBy(...outcomes.next()), [utf8("ERROR\r\n")]));
  const [{ error }] = outcomes.all as [{ error: ClientException }];
  assertInstanceOf(error, ClientException);
  assertEquals(error.item, "ERROR");
});

Deno.test("StatsCommand ends the connection over a refusal after its first line", () => {
  const outcomes = new Outcomes();
  const command = new StatsCommand(undefined).settleBy(...outcomes.next());
  const reply = utf8("STAT a 1\r\nSERVER_ERROR out of memory writing stats\r\n");
  assertThrows(() => replay(command, [reply]), Interruption, "within statistics");
  const [{ error }] = outcomes.all as [{ error: ClientException }];
  assertInstanceOf(error, ClientException);
  assertEquals(error.item, "SERVER_ERROR out of memory writing stats");
});

Deno.test("StatsCommand may be asked again where it changes nothing", () => {
  for (const [args, may] of [[undefined, true], ["", true], ["reset", false]] as const) {
    assertEquals(new StatsCommand(args).askAgain(), may);
  }
});

Deno.test("StatsCommand keeps no more of a hostile server's lines than a bounded number of bytes", () => {
  const line = utf8(`STAT a ${"x".repeat(60_000)}\r\n`);
  const short = utf8("STAT a\r\n".repeat(1000));
  for (const [chunk, most] of [[line, 600], [short, 300]] as const) {
    const outcomes = new Outcomes();
    let fed = 0;
    const lines = {
      *[Symbol.iterator]() {
        for (; fed < 10_000; fed++) yield chunk;
      },
    };
    const command = new StatsCommand(undefined).settleBy(...outcomes.next());
    assertThrows(() => replay(command, lines), SocketError, "have no end");
    assert(fed > 100 && fed < most, `${fed} chunks were taken`);
  }
});

Deno.test("StatsCommand ends the connection over a reply that is not its own", () => {
  for (const reply of ["STORED\r\n", "STAT\r\n", "ENDED\r\n", "VALUE a 0 1\r\n"]) {
    const command = new StatsCommand(undefined).settleBy(...new Outcomes().next());
    assertThrows(() => replay(command, [utf8(reply)]), SocketError, undefined, reply);
  }
});

Deno.test("checkStatsArguments accepts printable ASCII", () => {
  for (const args of ["", "settings", "detail dump", "cachedump 1 10", "x".repeat(1024)]) {
    checkStatsArguments(args);
  }
});

Deno.test("checkStatsArguments refuses everything that could start a second command", () => {
  const hostile = ["a\r\nflush_all", "a\nb", "a\rb", "a\0b", "a\tb", "a\u010ab", "\x7f", "é"];
  for (const args of [...hostile, "x".repeat(1025), 1, null, ["settings"], new Uint8Array(1)]) {
    assertThrows(() => checkStatsArguments(args), ValidationException, "Cannot request stats");
  }
});

Deno.test("StatsCommand ends sizes_enable and sizes_disable, which have no END, after their line", () => {
  const replies: [args: string, reply: string, stats: Record<string, string>][] = [
    ["sizes_enable", "STAT sizes_status enabled\r\n", { sizes_status: "enabled" }],
    [" sizes_disable", "STAT sizes_status disabled\r\n", { sizes_status: "disabled" }],
    [
      "sizes_enable",
      "STAT sizes_status error\r\nSTAT sizes_error no_memory\r\n",
      { sizes_status: "error", sizes_error: "no_memory" },
    ],
  ];
  for (const [args, reply, stats] of replies) {
    const outcomes = new Outcomes();
    assert(replay(new StatsCommand(args).settleBy(...outcomes.next()), [utf8(reply)]));
    assertEquals(outcomes.all, [{ value: stats }]);
  }
});
