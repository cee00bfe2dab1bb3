/** The lines about hot keys and large values. @module */

import { bar } from "../histogram.ts";
import type { Overview } from "../overview.ts";
import { showNumber, showShare, showSize } from "../quantities.ts";
import { fitted, plainText } from "../shown_text.ts";
import { foreign, type Line, type Span, span, widthOfLine } from "./lines.ts";

/** A key is cut off behind this many columns where several stand in a line. */
const LONGEST_KEY = 32;
/** What is about the last seconds is about this long. */
const SECONDS = 10;
/** The bar of a share: on a narrow screen, and on a wide one. */
const BARS = [8, 20] as const;
const WIDE = 110;
/** What stands besides the key and the bar. */
const LONGEST_SERVER = 26;
const OTHER_COLUMNS = 21 + LONGEST_SERVER;

/** The hottest keys in a line: as many as fit. */
export function hotLine({ hot }: Overview, width: number): Line {
  if (hot === undefined) return [span("HOT", "strong"), span("  not seen yet", "dim")];
  const head = `HOT (${SECONDS} s, ${Math.floor(hot.seen * 100)}% seen)`;
  if (hot.keys.length === 0) return [span(head, "strong"), span("  nothing is used", "dim")];
  const keys = hot.keys.map(({ key, share }): Line => [
    shortKey(key),
    span(` ${showShare(share, 1)}`, "dim"),
  ]);
  return filled([span(head, "strong")], keys, width);
}

/** The largest values in a line: as many as fit. */
export function bigLine({ big }: Overview, width: number): Line {
  const head = [span("BIG", "strong")];
  if (big.length === 0) return [...head, span("  none was seen", "dim")];
  const values = big.map(({ key, size, times }): Line => [
    shortKey(key),
    span(` ${showSize(size)} x${times}`, "dim"),
  ]);
  return filled(head, values, width);
}

function shortKey(key: string): Span {
  const { text } = foreign(key);
  return span(fitted(text, LONGEST_KEY).trimEnd());
}

function filled(head: Line, parts: readonly Line[], width: number): Line {
  const line = [...head];
  let left = width - widthOfLine(head);
  for (const part of parts) {
    left -= widthOfLine(part) + 2;
    if (left < 0) break;
    line.push(span("  "), ...part);
  }
  return line;
}

/** The page of hot keys and large values. */
export function keyPage(overview: Overview, width: number): Line[] {
  const { hot, big } = overview;
  const barWidth = BARS[width < WIDE ? 0 : 1];
  const keyWidth = Math.max(16, Math.min(80, width - barWidth - OTHER_COLUMNS));
  const seen = hot === undefined ? "" : `, ${Math.floor(hot.seen * 100)}% seen`;
  const lines: Line[] = [
    [span(`HOT KEYS of the last ${SECONDS} seconds${seen}`, "strong")],
    [span(`${fitted("KEY", keyWidth)}  SHARE     USE/s  ${fitted("", barWidth)}  SERVER`, "dim")],
  ];
  const [first] = hot?.keys ?? [];
  for (const { key, share, perSecond, servers } of hot?.keys ?? []) {
    const [server = "", ...others] = servers;
    lines.push([
      span(fitted(plainText(key), keyWidth)),
      span(`  ${showShare(share, 1).padStart(5)}  ${showNumber(perSecond).padStart(8)}  `),
      span(fitted(bar(share / Math.max(first?.share ?? 1, 0.001), barWidth), barWidth)),
      foreign(`  ${server}${others.length === 0 ? "" : ` +${others.length}`}`),
    ]);
  }
  if (first === undefined) lines.push([span("none was seen", "dim")]);
  lines.push(
    [],
    [span(`LARGE VALUES of the last ${SECONDS} seconds`, "strong")],
    [span(`${fitted("KEY", keyWidth)}        SIZE   SEEN`, "dim")],
  );
  for (const { key, size, times } of big) {
    const figures = `${showSize(size).padStart(10)}  ${`x${times}`.padStart(5)}`;
    lines.push([span(fitted(plainText(key), keyWidth)), span(`  ${figures}`)]);
  }
  if (big.length === 0) lines.push([span("none was seen", "dim")]);
  return lines;
}
