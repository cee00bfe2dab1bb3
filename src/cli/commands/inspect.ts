/** What can be known of one item. @module */

import type { Command } from "commander";
import { define, type Runner } from "../definition.ts";
import { inspectItem } from "../item_inspection.ts";
import type { Row } from "../printer.ts";
import { fitted, printable } from "../shown_text.ts";
import { inTime, type Terminal } from "../terminal.ts";
import { EXIT } from "../usage.ts";

/** How many lines of a terminal a value takes: with more, what stands above it would leave the screen. */
const MOST_LINES = 6;
/** What stands before the value. */
const NAME_WIDTH = "lastAccess  ".length;

/** Adds `inspect`. */
export function addInspect(program: Command, runner: Runner): void {
  define(program, runner, {
    usage: "inspect <key>",
    summary:
      "Show all about an item: size, lifetime, cas, flags, format, value, server, ring point.",
    examples: ["inspect user:1", "inspect user:1 --json"],
    run: async ({ args: [key = ""], printer, terminal, fleet }) => {
      const inspecting = inspectItem(await fleet(), key);
      const { isFound, row, shown } = await inTime(terminal, inspecting);
      if (isFound) await printer.details(row, withShortValue(shown, terminal));
      else if (printer.shape === "text") await printer.details(row);
      return isFound ? EXIT.done : EXIT.nothing;
    },
  });
}

/** Of a long value only its beginning, where people look at a terminal. */
function withShortValue(shown: Row, { isTerminal, columns }: Terminal): Row {
  if (!isTerminal || typeof shown.value !== "string") return shown;
  const width = Math.max(columns, MOST_LINES * columns - NAME_WIDTH);
  return { ...shown, value: fitted(printable(shown.value), width).trimEnd() };
}
