/**
 * `deno task chaos --minutes N [--seed S]`: the client under fire for that long, and every fuzzing and
 * recovery at full length.
 */

import { jsrEnvironment } from "./environment.ts";
import { deno } from "./run.ts";

// Memory is compared without garbage.
const args = ["run", "-A", "--v8-flags=--expose-gc", "tests/chaos/run.ts", ...Deno.args];
Deno.exit(await deno(args, await jsrEnvironment()));
