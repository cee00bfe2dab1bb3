/** The lines of advice. @module */

import { type Advice, figuresText, type Severity } from "../doctor/advice.ts";
import type { Overview } from "../overview.ts";
import { plainText } from "../shown_text.ts";
import { type Line, type Size, span, type Style, wrapped } from "./lines.ts";

const STYLES: Readonly<Record<Severity, Style>> = {
  critical: "bad",
  warning: "poor",
  notice: "dim",
};
const HEAD = "ADVICE  ";
const INDENT = " ".repeat(HEAD.length);

/**
 * Advice and notes in a part of the screen: in full where there is room for it, otherwise a line of each, and at least
 * how many there are.
 */
export function adviceLines(
  { servers, advice, notes }: Overview,
  { columns, rows }: Size,
): Line[] {
  if (rows <= 0) return [];
  if (advice.length + notes.length === 0) {
    const down = servers.filter(({ state }) => state !== "up").length;
    if (down === servers.length) return [];
    const what = down === 0 ? "nothing is wrong" : "nothing is wrong with the servers that answer";
    return [[span(HEAD, "strong"), span(what, "good")]];
  }
  const width = columns - HEAD.length;
  const forms = [
    [
      ...advice.flatMap((each) => inFull(each, width)),
      ...notes.flatMap((note) => noted(note, width)),
    ],
    [...advice.flatMap((each) => inFull(each, Infinity)), ...notes.flatMap((note) => noted(note))],
    [
      ...advice.flatMap((each) => inFull(each, Infinity).slice(0, 1)),
      ...notes.flatMap((note) => noted(note)),
    ],
  ];
  const lines = forms.find((form) => form.length <= rows) ?? forms.at(-1) ?? [];
  const shown = lines.slice(0, lines.length > rows ? rows - 1 : rows);
  const left = lines.length - shown.length;
  const rest: Line[] = left === 0 ? [] : [[span(`and ${left} more: moecache doctor`, "dim")]];
  return [...shown, ...rest].map((line, i) => [
    i === 0 ? span(HEAD, "strong") : span(INDENT),
    ...line,
  ]);
}

/** What is found on which server, and what to do; each on as many lines as it takes. */
function inFull({ server, severity, finding, action }: Advice, width: number): Line[] {
  const found = finding.includes(server) ? finding : `${server}: ${finding}`;
  return [
    ...wrapped(plainText(found), width).map((row): Line => [span(row, STYLES[severity])]),
    ...wrapped(plainText(action), width - 2).map((row): Line => [span(`  ${row}`, "dim")]),
  ];
}

function noted(note: string, width = Infinity): Line[] {
  return wrapped(plainText(note), width).map((row): Line => [span(row, "dim")]);
}

/** Advice in full, on as many lines as it takes. */
export function advicePage(advice: readonly Advice[], width: number): Line[] {
  return advice.flatMap(({ severity, finding, figures, action }): Line[] => {
    const rows = (text: string, style?: Style) =>
      wrapped(plainText(text), width - 2).map((row): Line => [span("  "), span(row, style)]);
    return [
      ...rows(`${severity}: ${finding}`, STYLES[severity]),
      ...rows(figuresText(figures), "dim"),
      ...rows(action),
      [],
    ];
  });
}
