/**
 * `deno task pack [folder]`: makes the npm package, in the folder of the repository unless another is named.
 */

import { resolve } from "node:path";
import { pack } from "../package/npm_package.ts";
import { jsrEnvironment, withStandInsElsewhere } from "./environment.ts";
import { say } from "./run.ts";

const folder = resolve(Deno.args[0] ?? ".");
// A stand-in inside the repository would be packed with it.
say(await withStandInsElsewhere(await jsrEnvironment(), (env) => pack(folder, { env })));
