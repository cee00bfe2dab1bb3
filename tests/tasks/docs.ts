/** `deno task docs [folder]`: builds the API reference of all entries as HTML, in `api/` by default. */

import { readEntries } from "../package/module_graph.ts";
import { jsrEnvironment } from "./environment.ts";
import { deno } from "./run.ts";

const [folder = "api/"] = Deno.args;
const env = await jsrEnvironment();
const modules = Object.values(await readEntries());
const args = ["doc", "--html", "--name=@moecache/moecache", `--output=${folder}`, ...modules];
Deno.exit(await deno(args, env));
