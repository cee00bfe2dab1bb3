/**
 * `deno task pack [folder]`: makes the npm package, in the folder of the repository unless another is named.
 */

import { resolve } from "node:path";
import { pack } from "../package/npm_package.ts";
import { jsrEnvironment } from "./environment.ts";
import { say } from "./run.ts";

say(await pack(resolve(Deno.args[0] ?? "."), await jsrEnvironment()));
