/** Lines of a screen: texts in columns, and how they look. @module */

import { fitted, plainText, widthOf } from "../shown_text.ts";

/** How a text looks. Without colors, all look alike. */
export type Style = "strong" | "dim" | "bad" | "poor" | "good";

/** A text of a line. */
export interface Span {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** A line: its texts from left to right. */
export type Line = readonly Span[];

/** A screen, or the part of it that something may fill. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Text that may hold anything, such as a key: what a terminal could take for a command is shown as its number. */
export function foreign(text: string, style?: Style): Span {
  return { text: plainText(text), style };
}

/** A text of our own. */
export function span(text: string, style?: Style): Span {
  return { text, style };
}

/** How many columns a line takes. */
export function widthOfLine(line: Line): number {
  return line.reduce((width, { text }) => width + widthOf(text), 0);
}

/** The line, at most this wide. */
export function cutLine(line: Line, width: number): Line {
  const cut: Span[] = [];
  let left = width;
  for (const each of line) {
    const wide = widthOf(each.text);
    if (wide > left) {
      if (left > 0) cut.push({ ...each, text: fitted(each.text, left) });
      break;
    }
    cut.push(each);
    left -= wide;
  }
  return cut;
}

/** Two lines as one: the second stands to the right, where there is room for it. */
export function besides(left: Line, right: Line, width: number): Line {
  const space = width - widthOfLine(left) - widthOfLine(right);
  return space < 2 ? cutLine(left, width) : [...left, span(" ".repeat(space)), ...right];
}

/** Texts in rows, each line as full as can be. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && widthOf(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

/** The text of a line alone. */
export function textOf(line: Line): string {
  return line.map(({ text }) => text).join("").trimEnd();
}
