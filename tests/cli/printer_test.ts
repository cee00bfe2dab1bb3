/** Tables, colors and progress, as terminals get them. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { printHistogram } from "../../src/cli/histogram.ts";
import { showProgress } from "../../src/cli/messages.ts";
import { GAP, Printer, type PrintOptions } from "../../src/cli/printer.ts";
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

/** What a terminal of this width shows of what is printed. */
async function shownOn(columns: number, print: (printer: Printer) => Promise<void>) {
  let text = "";
  const write = (part: string | Uint8Array) => Promise.resolve(void (text += part));
  const env = { NO_COLOR: "1" };
  const printer = new Printer({ ...NO_TERMINAL, isTerminal: true, columns, env, write }, {});
  await print(printer);
  await printer.flush();
  return text;
}

Deno.test("the lines of a table are no longer than those of the terminal", async () => {
  const rows = [{ key: "a".repeat(30), size: 1 }, { key: "字".repeat(12), size: 22 }];
  assertEquals(
    await shownOn(30, (printer) => printer.table(rows)),
    `KEY                       SIZE
aaaaaaaaaaaaaaaaaaaaaaaa     1
aaaaaa
字字字字字字字字字字字字    22
`,
  );
  // Too little is left for the keys: each field is a line.
  assertEquals(
    await shownOn(20, (printer) => printer.table(rows)),
    `key   ${rows[0]!.key}\nsize  1\n\nkey   ${rows[1]!.key}\nsize  22\n`,
  );
});

Deno.test("the points of the numbers in a column stand below each other", async () => {
  // A 0.2 that stands where 0.18 does reads as 0.02.
  const rows = [{ ms: 0.2, n: 10, max: 12 }, { ms: 0.183, n: 9, max: null }];
  assertEquals(
    await shownOn(80, (printer) => printer.table(rows)),
    "   MS   N  MAX\n0.200  10   12\n0.183   9\n",
  );
  // Figures of different kinds keep their forms.
  assertEquals(
    await shownOn(80, (printer) => printer.table([{ change: 0.000168 }, { change: 552 }])),
    "  CHANGE\n0.000168\n     552\n",
  );
});

Deno.test("a table whose heads do not fit has a line for each field", async () => {
  // `stats` has the names of the servers there.
  const host = "a-long-name.example.com:11211";
  assertEquals(
    await shownOn(30, (printer) => printer.table([{ name: "version", [host]: "1.6" }])),
    `name                           version\n${host}  1.6\n`,
  );
});

Deno.test("sentences end their lines between words", async () => {
  const text = "one two three a-word-that-is-longer four";
  assertEquals(
    await shownOn(12, (printer) => printer.sentences(text, GAP)),
    "  one two\n  three\n  a-word-that-is-longer\n  four\n",
  );
});

Deno.test("the bars of a histogram are shorter on a narrow terminal, and never in two lines", async () => {
  const counts = new Map([["never", 40], ["under 1m", 20]]);
  const print = (printer: Printer) => printHistogram(printer, "ttl", counts);
  assertEquals(
    await shownOn(51, print),
    `TTL       ITEMS  SHARE
never        40  66.7%  ${"█".repeat(26)}
under 1m     20  33.3%  ${"█".repeat(13)}
`,
  );
  // Nothing is left for them.
  assertEquals(
    await shownOn(24, print),
    `TTL       ITEMS  SHARE
never        40  66.7%
under 1m     20  33.3%
`,
  );
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

Deno.test("progress is cut to one line of the terminal", () => {
  let messages = "";
  const warn = (text: string) => void (messages += text);
  showProgress(
    { ...NO_TERMINAL, showsProgress: true, columns: 20, warn },
    "listed: 411 of 473, 2025/s",
  );
  assertEquals(messages, "\rlisted: 411 of 473,\x1b[K");
});
