/**
 * `deno task drills`: kills, stops, restarts and moves real memcacheds under load, and prints what
 * operations meet meanwhile and how long it takes until all is well again, for each `failover`.
 */

import { jsrEnvironment } from "./environment.ts";
import { deno } from "./run.ts";

Deno.exit(await deno(["run", "-A", "tests/drills/run.ts", ...Deno.args], await jsrEnvironment()));
