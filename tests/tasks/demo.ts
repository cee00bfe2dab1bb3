/**
 * `deno task demo`: runs `examples/demo.ts` with no more permissions than it needs.
 */

import { jsrEnvironment } from "./environment.ts";
import { deno } from "./run.ts";

const permissions = ["--allow-net", "--allow-read"];
const args = ["run", ...permissions, "examples/demo.ts", ...Deno.args];
Deno.exit(await deno(args, await jsrEnvironment()));
