/** How many of each, as bars. @module */

import type { Printer, Row } from "./printer.ts";
import { showShare } from "./quantities.ts";

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
  const rows: Row[] = Array.from(counts, ([name, count]) => ({
    [field]: name,
    [what]: count,
    share: all === 0 ? 0 : count / all,
    ...(printer.shape === "text" ? { "": bar(count / most) } : {}),
  }));
  await printer.table(rows, { show: { share: (share) => showShare(Number(share), 1) } });
}
