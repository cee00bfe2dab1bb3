/**
 * `deno task test`: the tests of the module on this runtime and on real memcached, in about three minutes.
 * Arguments are passed on to `deno test`. `deno task test:all` runs what else there is.
 */

import { readArguments } from "./arguments.ts";
import { denoLane } from "./deno_lane.ts";
import { jsrEnvironment } from "./environment.ts";
import { formatTime } from "./progress.ts";
import { runLanes } from "./lanes.ts";
import { say } from "./run.ts";

const USAGE = `Usage: deno task test [--help] [arguments of deno test]

Runs the tests of the module on this runtime and on real memcached.
With arguments, such as a folder, it runs deno test on them.`;

// For its name, `deno test` takes this file for one of tests and imports it.
if (import.meta.main) {
  const args = readArguments(Deno.args, USAGE, (args) => [...args]);
  const start = performance.now();
  const context = { args, env: await jsrEnvironment() };
  const { lines, isGreen } = await runLanes([denoLane], context);
  for (const line of lines) say(line);
  say(formatTime(performance.now() - start));
  Deno.exit(isGreen ? 0 : 1);
}
