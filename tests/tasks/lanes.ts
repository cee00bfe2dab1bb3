/** Runs several lanes, one after the other. @module */

import { type Lane, type LaneContext, type Outcome, summarize, type Summary } from "./lane.ts";
import { say } from "./run.ts";

/** Runs lanes, red ones before them or not, and sums them up. */
export async function runLanes(lanes: readonly Lane[], context: LaneContext): Promise<Summary> {
  const outcomes = new Map<string, Outcome>();
  for (const [at, lane] of lanes.entries()) {
    const which = lanes.length > 1 ? ` (lane ${at + 1} of ${lanes.length})` : "";
    say(`\n=== ${lane.name}${which}`);
    outcomes.set(lane.name, await lane.run(context));
  }
  return summarize(outcomes, Deno.env.get("CI") === "true");
}
