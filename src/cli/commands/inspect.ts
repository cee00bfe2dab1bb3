/** What can be known of one item. @module */

import type { Command } from "commander";
import { define, type Runner } from "../definition.ts";
import { inspectItem } from "../item_inspection.ts";
import { inTime } from "../terminal.ts";
import { EXIT } from "../usage.ts";

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
      if (isFound) await printer.details(row, shown);
      else if (printer.shape === "text") await printer.details(row);
      return isFound ? EXIT.done : EXIT.nothing;
    },
  });
}
