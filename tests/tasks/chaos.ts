/**
 * `deno task chaos [--minutes N] [--seed S]`: the client under fire, fuzzing and recoveries for that long.
 */

import { jsrEnvironment } from "./environment.ts";
import { deno } from "./run.ts";

// Memory is compared without garbage.
const args = ["run", "-A", "--v8-flags=--expose-gc", "tests/chaos/run.ts", ...Deno.args];
Deno.exit(await deno(args, await jsrEnvironment()));
