/** How wide texts are on a terminal, and what of them is safe. */

import { assertEquals } from "@std/assert";
import { countOf, showNumber } from "../../src/cli/quantities.ts";
import { fitted, plainText, printable, widthOf } from "../../src/cli/shown_text.ts";

Deno.test("widthOf counts columns", () => {
  const widths = { "key:1": 5, "日本": 4, "é": 1, "e\u0301": 1, "👩": 2, "한": 2, "ｱ": 1, "": 0 };
  for (const [text, width] of Object.entries(widths)) assertEquals(widthOf(text), width, text);
  // Beyond the first plane, and the parts of a syllable.
  assertEquals([widthOf("\u{20000}"), widthOf("\u1112\u1161\u11ab")], [2, 2]);
});

Deno.test("fitted gives exactly the width", () => {
  assertEquals([fitted("ab", 4), fitted("ab", 4, "right"), fitted("abcd", 4)], [
    ...["ab  ", "  ab", "abcd"],
  ]);
  assertEquals([fitted("abcde", 4), fitted("日本語", 5), fitted("日本語", 4), fitted("ab", 1)], [
    ...["abc…", "日本…", "日… ", "…"],
  ]);
  assertEquals([fitted("ab", 0), fitted("", 0)], ["", ""]);
  for (let width = 0; width < 12; width++) {
    assertEquals(widthOf(fitted("a日b本c語d👩", width)), width);
  }
});

Deno.test("plainText has nothing that moves, joins or hides", () => {
  assertEquals(
    plainText("a\x1b[2J\r\n\x07\x9b\u202e"),
    "a\\u001b[2J\\u000d\\u000a\\u0007\\u009b\\u202e",
  );
  assertEquals(plainText("👩\u200d👩✔\ufe0f"), "👩\\u200d👩✔\\ufe0f");
  assertEquals(plainText("\u{1f1e9}\u{1f3fd}\ud800"), "\\u{1f1e9}\\u{1f3fd}\\ud800");
  assertEquals(printable("日本\u200d"), "日本\u200d");
  // Each of them changes the order in which letters are shown.
  for (const letter of "\u061c\u200e\u200f\u202a\u202e\u2066\u2069") {
    const number = letter.charCodeAt(0).toString(16).padStart(4, "0");
    assertEquals(printable(`a${letter}b`), `a\\u${number}b`);
  }
  assertEquals(plainText("user:1 é 日本"), "user:1 é 日本");
});

Deno.test("showNumber takes six places at most", () => {
  const shown = [0, 0.4, 118, 999.4, 999.6, 1000, 41_200, 999_949, 999_951, 8.1e6, 1.2e10, 3e15];
  assertEquals(shown.map(showNumber), [
    ...["0", "0", "118", "999", "1.0k", "1.0k", "41.2k", "999.9k", "1.0M", "8.1M", "12.0G"],
    "3000.0T",
  ]);
});

Deno.test("countOf has the singular for one", () => {
  assertEquals([0, 1, 2].map((count) => countOf(count, "key")), ["0 keys", "1 key", "2 keys"]);
});
