/** Draws lines on a terminal, and only those that have changed. @module */

import { widthOf } from "../shown_text.ts";
import { cutLine, type Line, type Size, type Style } from "./lines.ts";

const STYLES: Readonly<Record<Style, string>> = {
  strong: "\x1b[1m",
  dim: "\x1b[2m",
  bad: "\x1b[1;31m",
  poor: "\x1b[33m",
  good: "\x1b[32m",
};
const PLAIN = "\x1b[0m";

/** What is drawn between these appears at once, where the terminal can do that. */
const BEGIN = "\x1b[?2026h";
const END = "\x1b[?2026l";

/** Remembers what the screen shows. */
export class Painter {
  readonly #colors: boolean;
  #shown: readonly string[] = [];
  #size: Size = { columns: 0, rows: 0 };

  constructor(colors: boolean) {
    this.#colors = colors;
  }

  /** Forgets what the screen shows, so that all of it is drawn next time. */
  forget(): void {
    this.#size = { columns: 0, rows: 0 };
  }

  /** What to write, so that the screen shows these lines; nothing if it does. */
  paint(lines: readonly Line[], size: Size): string {
    const isOther = size.columns !== this.#size.columns || size.rows !== this.#size.rows;
    const before = isOther ? [] : this.#shown;
    const now = Array.from(
      { length: size.rows },
      (_, row) => encoded(cutLine(lines[row] ?? [], size.columns), this.#colors),
    );
    this.#shown = now;
    this.#size = size;
    const changed = now.flatMap((text, row) =>
      text === before[row] ? [] : [`\x1b[${row + 1};1H\x1b[2K${text}`]
    );
    if (changed.length === 0) return "";
    return `${BEGIN}${isOther ? "\x1b[2J" : ""}${changed.join("")}${END}`;
  }
}

/**
 * A line with the codes of its styles. Terminals do not agree how wide all letters are, so the column is named behind
 * those that are not plain.
 */
function encoded(line: Line, colors: boolean): string {
  let column = 1;
  let text = "";
  for (const { text: part, style } of line) {
    text += style !== undefined && colors ? `${STYLES[style]}${part}${PLAIN}` : part;
    column += widthOf(part);
    if (/[^ -~]/.test(part)) text += `\x1b[${column}G`;
  }
  return text;
}
