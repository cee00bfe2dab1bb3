/** Keys, what they change, and what is written to the terminal for it. */

import { assert, assertEquals } from "@std/assert";
import { Keyboard } from "../../../src/cli/top/keyboard.ts";
import { type Line, span } from "../../../src/cli/top/lines.ts";
import { Painter } from "../../../src/cli/top/painter.ts";
import { FIRST_VIEW, pressed, type Shown, type View } from "../../../src/cli/top/view.ts";

Deno.test("Keyboard reads keys, also those that come in pieces", () => {
  const keyboard = new Keyboard();
  const names = (text: string) =>
    keyboard.take(text).map((key) => "name" in key ? key.name : key.letter);
  assertEquals(names("qs日"), ["q", "s", "日"]);
  assertEquals(names("\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[H\x1b[F"), [
    ...["up", "down", "page-up", "page-down", "home", "end"],
  ]);
  assertEquals(names("\r\x7f\x03\x0c"), ["enter", "backspace", "interrupt", "redraw"]);
  // Other keys, and other control characters, are none.
  assertEquals(names("\x1b[15~\x1b[1;5C\x01"), []);
  assertEquals([names("\x1b"), keyboard.isUndecided], [[], true]);
  assertEquals([names("["), names("A"), keyboard.isUndecided], [[], ["up"], false]);
  assertEquals(names("\x1b"), []);
  assertEquals([keyboard.decide(), keyboard.decide()], [[{ name: "escape" }], []]);
  assertEquals(names("\x1bq"), ["escape", "q"]);
});

const SHOWN: Shown = { servers: ["a:1", "b:1", "c:1"], lines: 100, rows: 10 };

function press(view: View, keys: string, shown: Shown = SHOWN): View | undefined {
  const keyboard = new Keyboard();
  const all = [...keyboard.take(keys), ...keyboard.decide()];
  return all.reduce<View | undefined>((now, key) => now && pressed(now, key, shown), view);
}

Deno.test("q and Ctrl-C quit, but a q in a filter does not", () => {
  assertEquals([press(FIRST_VIEW, "q"), press(FIRST_VIEW, "\x03")], [undefined, undefined]);
  assertEquals(press(FIRST_VIEW, "fq")?.filter, "q");
  assertEquals(press(FIRST_VIEW, "fq\x03"), undefined);
});

Deno.test("s sorts by one column after another, and by none at the end", () => {
  assertEquals(press(FIRST_VIEW, "s")?.sorted, "server");
  assertEquals(press(FIRST_VIEW, "sssss")?.sorted, "gets");
  assertEquals(press(FIRST_VIEW, "S")?.sorted, "version");
  assertEquals(press(FIRST_VIEW, "s".repeat(13))?.sorted, undefined);
});

Deno.test("a filter is typed, kept and removed", () => {
  assertEquals(press(FIRST_VIEW, "fa日\x7fb"), { ...FIRST_VIEW, filter: "ab", isTyping: true });
  const kept = press(FIRST_VIEW, "fab\r");
  assertEquals(kept, { ...FIRST_VIEW, filter: "ab" });
  assert(kept !== undefined);
  assertEquals(press(kept, "\x1b"), FIRST_VIEW);
  assertEquals(press(FIRST_VIEW, "fab\x1b"), FIRST_VIEW);
});

Deno.test("a server is chosen by arrows, opened by Enter, and left by Esc", () => {
  const down = "\x1b[B";
  assertEquals(press(FIRST_VIEW, down)?.chosen, "a:1");
  assertEquals(press(FIRST_VIEW, down + down)?.chosen, "b:1");
  assertEquals(press(FIRST_VIEW, down.repeat(9))?.chosen, "c:1");
  assertEquals(press(FIRST_VIEW, `${down}${down}\x1b[A\x1b[A\x1b[A`)?.chosen, "a:1");
  assertEquals(press(FIRST_VIEW, "\x1b[F")?.chosen, "a:1");
  const opened = press(FIRST_VIEW, `${down}${down}\r`);
  assertEquals([opened?.page, opened?.chosen], ["server", "b:1"]);
  assertEquals(press(FIRST_VIEW, "\r")?.chosen, "a:1");
  assertEquals(press(FIRST_VIEW, "\r", { ...SHOWN, servers: [] }), FIRST_VIEW);
  // One that a filter hides is not opened.
  const hidden = { ...FIRST_VIEW, chosen: "b:1" };
  assertEquals(press(hidden, "\r", { ...SHOWN, servers: ["c:1"] })?.chosen, "c:1");
  assertEquals(press(hidden, "\r", { ...SHOWN, servers: [] })?.page, "servers");
  assert(opened !== undefined);
  assertEquals([press(opened, `${down}${down}`)?.above, press(opened, "\x1b[6~")?.above], [2, 9]);
  assertEquals([press(opened, "\x1b[F")?.above, press(opened, "\x1b[A")?.above], [90, 0]);
  assertEquals(press(opened, "\x1b"), { ...FIRST_VIEW, chosen: "b:1" });
});

Deno.test("h and k open pages, and close them", () => {
  assertEquals([press(FIRST_VIEW, "h")?.page, press(FIRST_VIEW, "k")?.page], ["hot", "keys"]);
  assertEquals([press(FIRST_VIEW, "hh"), press(FIRST_VIEW, "?\x1b")], [FIRST_VIEW, FIRST_VIEW]);
  assertEquals(press(FIRST_VIEW, "hf")?.page, "servers");
});

const SIZE = { columns: 10, rows: 3 };

function linesOf(...texts: string[]): Line[] {
  return texts.map((text) => [span(text)]);
}

Deno.test("Painter writes only lines that have changed", () => {
  const painter = new Painter(false);
  const first = painter.paint(linesOf("a", "b"), SIZE);
  assertEquals(
    first,
    "\x1b[?2026h\x1b[2J\x1b[1;1H\x1b[2Ka\x1b[2;1H\x1b[2Kb\x1b[3;1H\x1b[2K\x1b[?2026l",
  );
  assertEquals(painter.paint(linesOf("a", "b"), SIZE), "");
  assertEquals(painter.paint(linesOf("a", "c"), SIZE), "\x1b[?2026h\x1b[2;1H\x1b[2Kc\x1b[?2026l");
  // Another size, and what has been asked for, draws all of it.
  assertEquals(painter.paint(linesOf("a", "b"), { ...SIZE, rows: 2 }).includes("\x1b[2J"), true);
  painter.forget();
  assertEquals(painter.paint(linesOf("a", "b"), SIZE), first);
});

Deno.test("Painter cuts off long lines, and sets the column after letters whose width is uncertain", () => {
  const painter = new Painter(true);
  const lines: Line[] = [
    [span("0123456789abc")],
    [span("日本", "bad"), span("x")],
    [span("12345678"), span("日本")],
  ];
  assertEquals(
    painter.paint(lines, SIZE),
    "\x1b[?2026h\x1b[2J\x1b[1;1H\x1b[2K012345678…\x1b[11G" +
      "\x1b[2;1H\x1b[2K\x1b[1;31m日本\x1b[0m\x1b[5Gx" +
      "\x1b[3;1H\x1b[2K12345678… \x1b[11G\x1b[?2026l",
  );
});
