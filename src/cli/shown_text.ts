/** Text as a terminal shows it: how wide it is, and what of it is safe. @module */

import { eastAsianWidth } from "get-east-asian-width";

/** How many columns of a terminal a text takes: East Asian letters and pictures take two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const letter of text) width += widthOfLetter(letter);
  return width;
}

function widthOfLetter(letter: string): number {
  if (letter >= " " && letter <= "~") return 1;
  return /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u.test(letter)
    ? 0
    : eastAsianWidth(letter.codePointAt(0) ?? 0);
}

/** Text without control characters: a key or a value could move the cursor, or rename the window. */
export function printable(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex -- control characters are what is looked for
    /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    escaped,
  );
}

/**
 * Printable text whose width all terminals agree on: what joins letters and pictures, or changes how they look, is
 * shown as its number too.
 */
export function plainText(text: string): string {
  return printable(text).replace(
    /[\p{Cf}\p{Cs}\p{Variation_Selector}\p{Regional_Indicator}\p{Emoji_Modifier}]/gu,
    escaped,
  );
}

function escaped(letter: string): string {
  const hex = (letter.codePointAt(0) ?? 0).toString(16);
  return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
}

/** Text of exactly this width: with spaces, or cut off with an ellipsis. */
export function fitted(text: string, width: number, align: "left" | "right" = "left"): string {
  const full = widthOf(text);
  if (full <= width) {
    const space = " ".repeat(width - full);
    return align === "left" ? text + space : space + text;
  }
  let cut = "";
  let used = 0;
  for (const letter of text) {
    const wide = widthOfLetter(letter);
    // One column is left for the ellipsis.
    if (used + wide > width - 1) break;
    cut += letter;
    used += wide;
  }
  return width <= 0 ? "" : `${cut}…${" ".repeat(width - 1 - used)}`;
}

/** Text in lines of at most this width, which is 2 or more. */
export function folded(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text];
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const letter of text) {
    const wide = widthOfLetter(letter);
    if (used + wide > width) {
      lines.push(line);
      [line, used] = ["", 0];
    }
    line += letter;
    used += wide;
  }
  return [...lines, line];
}

/** Text in lines that end between words; a word that is longer than a line stays whole. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && widthOf(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
