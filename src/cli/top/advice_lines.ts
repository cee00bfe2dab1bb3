/** The lines of advice. @module */

import { type Advice, figuresText, type Severity } from "../doctor/advice.ts";
import { foreign, type Line, span, type Style, wrapped } from "./lines.ts";

const STYLES: Readonly<Record<Severity, Style>> = {
  critical: "bad",
  warning: "poor",
  notice: "dim",
};
const HEAD = "ADVICE  ";
const INDENT = " ".repeat(HEAD.length);

/** Advice and notes in so many lines: with what to do where there is room for it. */
export function adviceLines(
  advice: readonly Advice[],
  notes: readonly string[],
  rows: number,
): Line[] {
  const all = [
    ...advice.map((each): Line[] => [
      [foreign(findingOf(each), STYLES[each.severity])],
      [foreign(`  ${each.action}`, "dim")],
    ]),
    ...notes.map((note): Line[] => [[foreign(note, "dim")]]),
  ];
  if (rows <= 0) return [];
  if (all.length === 0) return [[span(HEAD, "strong"), span("nothing is wrong", "good")]];
  const isRoomy = all.reduce((sum, lines) => sum + lines.length, 0) <= rows;
  const lines = all.flatMap((each) => isRoomy ? each : each.slice(0, 1));
  const shown = lines.slice(0, lines.length > rows ? rows - 1 : rows);
  const left = lines.length - shown.length;
  const rest: Line[] = left === 0 ? [] : [[span(`and ${left} more: moecache doctor`, "dim")]];
  return [...shown, ...rest].map((line, i) => [
    i === 0 ? span(HEAD, "strong") : span(INDENT),
    ...line,
  ]);
}

/** How many lines advice and notes take at most. */
export function adviceRows(advice: readonly Advice[], notes: readonly string[]): number {
  return Math.max(1, 2 * advice.length + notes.length);
}

/** What is found, and on which server. */
function findingOf({ server, finding }: Advice): string {
  return finding.includes(server) ? finding : `${server}: ${finding}`;
}

/** Advice in full, on as many lines as it takes. */
export function advicePage(advice: readonly Advice[], width: number): Line[] {
  return advice.flatMap(({ severity, finding, figures, action }): Line[] => {
    const rows = (text: string, style?: Style) =>
      wrapped(foreign(text).text, width - 2).map((row): Line => [span("  "), span(row, style)]);
    return [
      ...rows(`${severity}: ${finding}`, STYLES[severity]),
      ...rows(figuresText(figures), "dim"),
      ...rows(action),
      [],
    ];
  });
}
