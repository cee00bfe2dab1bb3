import { adaptersLane } from "./adapters_lane.ts";
import { denoLane } from "./deno_lane.ts";
import { examplesLane } from "./examples_lane.ts";
import { type Lane, type LaneContext, type Outcome, summarize, type Summary } from "./lane.ts";
import { packageLane } from "./package_lane.ts";
import { say } from "./run.ts";
import { runtimesLane } from "./runtimes_lane.ts";

/** Every lane of `deno task test`, in the order they run. */
const LANES: readonly Lane[] = [denoLane, adaptersLane, examplesLane, packageLane, runtimesLane];

/** Runs every lane, red ones before it or not, and sums them up. */
export async function runLanes(context: LaneContext): Promise<Summary> {
  const outcomes = new Map<string, Outcome>();
  for (const lane of LANES) {
    say(`\n=== ${lane.name}`);
    outcomes.set(lane.name, await lane.run(context));
  }
  return summarize(outcomes, Deno.env.get("CI") === "true");
}
