/**
 * `deno task drills`: kills, stops, restarts and moves real memcacheds under load, and prints what
 * operations meet meanwhile and how long it takes until all is well again, for each `failover`.
 */

import { readOptions } from "./arguments.ts";
import { jsrEnvironment } from "./environment.ts";
import { deno } from "./run.ts";

const USAGE = `Usage: deno task drills [--minutes N] [--help]

Kills, stops, restarts and moves real memcacheds under load. For each
"failover", prints how many operations failed, and how long it took until
operations succeeded again.

  --minutes  repeats the drills for this many minutes, and then ends after the
             current drill; the default is to run each drill once, which takes
             about a minute`;

const { minutes } = readOptions(Deno.args, USAGE, { minutes: 0 });
const args = ["run", "-A", "tests/drills/run.ts", `${minutes}`];
Deno.exit(await deno(args, await jsrEnvironment()));
