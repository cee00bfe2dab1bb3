/** How many of each, as bars. @module */

import { GAP, type Printer, type Row } from "./printer.ts";
import { showShare } from "./quantities.ts";
import { widthOf } from "./shown_text.ts";

const WIDTH = 40;
const PARTS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar that is this share of the whole width. */
export function bar(share: number, width: number = WIDTH): string {
  const eighths = Math.round(Math.max(0, Math.min(1, share)) * width * 8);
  const rest = PARTS[eighths % 8] ?? "";
  return "█".repeat(Math.floor(eighths / 8)) + rest;
}

/** Prints counts in the order of their names. */
export async function printHistogram(
  printer: Printer,
  field: string,
  counts: ReadonlyMap<string | number, number>,
  what = "items",
): Promise<void> {
  const all = Array.from(counts.values()).reduce((sum, count) => sum + count, 0);
  const most = Math.max(1, ...counts.values());
  const others = [[field, ...counts.keys()], [what, ...counts.values()], ["share", "100.0%"]];
  const width = widthOfBars(printer, others);
  const rows: Row[] = Array.from(counts, ([name, count]) => ({
    [field]: name,
    [what]: count,
    share: all === 0 ? 0 : count / all,
    ...(printer.shape === "text" && width > 0 ? { "": bar(count / most, width) } : {}),
  }));
  await printer.table(rows, { show: { share: (share) => showShare(Number(share), 1) } });
}

/** How wide bars may be beside other columns: a bar that is folded would look like two. */
function widthOfBars(
  { terminal }: Printer,
  others: readonly (readonly (string | number)[])[],
): number {
  if (!terminal.isTerminal) return WIDTH;
  const widths = others.map((cells) => Math.max(...cells.map((cell) => widthOf(String(cell)))));
  const used = widths.reduce((sum, width) => sum + width + GAP.length, 0);
  return Math.min(WIDTH, terminal.columns - used);
}
