/**
 * `deno task pack [folder]`: makes the npm package, in the folder of the repository unless another is named.
 */

import { resolve } from "node:path";
import { pack } from "../package/npm_package.ts";
import { readWords } from "./arguments.ts";
import { jsrEnvironment } from "./environment.ts";
import { say } from "./run.ts";

const USAGE = `Usage: deno task pack [folder] [--help]

Makes the npm package, a .tgz file, and prints its path.

  folder  where the file is written, a folder that exists; the default is that
          of the repository`;

const [folder = "."] = readWords(Deno.args, USAGE, { operands: 1 }).operands;
say(await pack(resolve(folder), await jsrEnvironment()));
