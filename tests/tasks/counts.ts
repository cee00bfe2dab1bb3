/** What `deno test` says came of it. @module */

import type { Outcome } from "./lane.ts";

/** Reads `ok | 12 passed (3 steps) | 0 failed (1s)`, Deno's last word on a run. */
export function countTests(output: string, code: number): Omit<Outcome, "notRun"> {
  const summaries = [
    ...stripColor(output).matchAll(/^(?:ok|FAILED) \| (\d+) passed.*?\| (\d+) failed/gm),
  ];
  const [, passed, failed] = summaries.at(-1) ?? [];
  const counted = { passed: Number(passed ?? 0), failed: Number(failed ?? 0) };
  // A module that does not load, and a threshold that is missed, are in no count of Deno's.
  return code === 0 || counted.failed > 0 ? counted : { ...counted, failed: 1 };
}

/** Takes out what a terminal shows as color. */
export function stripColor(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/\x1b\[[0-9;]*m/g, "");
}
