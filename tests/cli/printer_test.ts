/** Tables, colors and progress, as terminals get them. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { Printer, type PrintOptions } from "../../src/cli/printer.ts";
import { Progress } from "../../src/cli/progress.ts";
import { NO_TERMINAL } from "./fake_terminal.ts";

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

Deno.test("what ends at once shows no progress", () => {
  using time = new FakeTime();
  let messages = "";
  const terminal = {
    ...{ ...NO_TERMINAL, showsProgress: true },
    warn: (text: string) => void (messages += text),
  };
  const progress = new Progress(terminal, "listed");
  progress.expect(100);
  progress.add();
  time.tick(150);
  progress.add();
  // Another program of a pipe may write to the same terminal, behind what would stand there.
  assertEquals(messages, "");
  time.tick(100);
  progress.add(23);
  assertStringIncludes(messages, "listed: 25 of 100, 100/s, 1s left");
});
