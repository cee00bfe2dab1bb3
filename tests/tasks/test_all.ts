/**
 * `deno task test:all`: every test there is. To what `deno task test` runs it adds the tests in full length, every
 * other runtime, the packages that the adapters adapt, the examples and the npm package.
 */

import { adaptersLane } from "./adapters_lane.ts";
import { readWords } from "./arguments.ts";
import { denoLane } from "./deno_lane.ts";
import { jsrEnvironment } from "./environment.ts";
import { examplesLane } from "./examples_lane.ts";
import { fullLane } from "./full_lane.ts";
import { runLanes } from "./lanes.ts";
import { packageLane } from "./package_lane.ts";
import { formatTime } from "./progress.ts";
import { say } from "./run.ts";
import { runtimesLane } from "./runtimes_lane.ts";

const USAGE = `Usage: deno task test:all [--without-test] [--help]

Runs every test there is, in about 15 minutes: those of deno task test, the
examples in the documentation, faults and fuzzing in full length, the adapters
with the packages they adapt, the examples, the npm package, and the suite on
every runtime.

  --without-test  leaves out what deno task test runs`;

const MORE = [fullLane, adaptersLane, examplesLane, packageLane, runtimesLane];

const { flags } = readWords(Deno.args, USAGE, { flags: ["--without-test"] });
const start = performance.now();
const lanes = flags.has("--without-test") ? MORE : [denoLane, ...MORE];
const { lines, isGreen } = await runLanes(lanes, { args: [], env: await jsrEnvironment() });
for (const line of lines) say(line);
say(formatTime(performance.now() - start));
Deno.exit(isGreen ? 0 : 1);
