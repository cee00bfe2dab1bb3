/** Tables, colors and progress, as terminals get them. */

import { Client } from "@moecache/moecache";
import { MemcachedServer } from "@moecache/moecache/testing";
import { assertEquals } from "@std/assert";
import { Printer, type PrintOptions } from "../../src/cli/printer.ts";
import { moecache, NO_TERMINAL } from "./fake_terminal.ts";

Deno.test("a table may have more rows than a call can take arguments", async () => {
  let lines = 0;
  const printer = new Printer({
    ...NO_TERMINAL,
    write: (text) => {
      lines += String(text).split("\n").length - 1;
      return Promise.resolve();
    },
  }, {});
  await printer.table(Array.from({ length: 300_000 }, (_, i) => ({ key: `key:${i}` })));
  await printer.flush();
  assertEquals(lines, 300_001);
});

Deno.test("colors are for terminals that can show them, unless they are not wanted", () => {
  const colorsOf = (env: Record<string, string>, options: PrintOptions = {}) =>
    new Printer({ ...NO_TERMINAL, isTerminal: true, env }, options).colors;
  assertEquals([colorsOf({}), colorsOf({ NO_COLOR: "" }), colorsOf({ TERM: "xterm" })], [
    ...[true, true, true],
  ]);
  assertEquals([colorsOf({ NO_COLOR: "1" }), colorsOf({ TERM: "dumb" })], [false, false]);
  assertEquals(colorsOf({}, { color: false }), false);
});

Deno.test("what ends at once shows no progress", async () => {
  await using server = await MemcachedServer.listen();
  await using client = new Client(server.address);
  await client.set("key", "value");
  // Another program of a pipe may write to the same terminal, behind what progress has left there.
  for (const line of ["keys --limit 1", "keys", "big", "dump"]) {
    const { messages } = await moecache(`${line} -s ${server.address}`, { isTerminal: true });
    assertEquals([line, messages], [line, ""]);
  }
});
