/** Colours and bars for a terminal of 80 columns. Elsewhere there are bars without colours. @module */

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34 } as const;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const HEIGHTS = "▁▂▃▄▅▆▇█";
const BAR_WIDTH = 36;
const NAME_WIDTH = 20;

/** A colour, or a weight. */
export type Style = keyof typeof CODES;

/** Whether lines can be drawn over, and in colour. */
export const isTerminal: boolean = Deno.stdout.isTerminal() && !Deno.noColor;

/** Prints lines. */
export function print(...lines: readonly string[]): void {
  Deno.stdout.writeSync(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
}

/** Prints lines where as many lines were printed last. */
export function printOver(...lines: readonly string[]): void {
  const up = `\x1b[${lines.length}A`;
  print(...lines.map((line, i) => `${i === 0 ? up : ""}\x1b[2K${line}`));
}

/** Puts a text in a colour. */
export function paint(style: Style, text: string): string {
  return isTerminal ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text;
}

/** A line with a name, a bar that is a part of the whole width, and a text. */
export function barLine(name: string, part: number, text: string, style: Style): string {
  const eighths = Math.max(1, Math.round(part * BAR_WIDTH * 8));
  const bar = "█".repeat(eighths >> 3) + EIGHTHS[eighths & 7];
  return `  ${name.padEnd(NAME_WIDTH)}${paint(style, bar.padEnd(BAR_WIDTH))} ${text}`;
}

/** A column whose height is a part of a line's height. */
export function column(part: number, style: Style): string {
  return paint(style, HEIGHTS[Math.round(part * (HEIGHTS.length - 1))] ?? " ");
}

/** A whole number, with commas. */
export function count(number: number | bigint): string {
  return (typeof number === "bigint" ? number : Math.round(number)).toLocaleString("en");
}
