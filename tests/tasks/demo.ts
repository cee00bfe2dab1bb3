/**
 * `deno task demo`: runs `examples/demo.ts` with no more permissions than it needs.
 */

import { readWords } from "./arguments.ts";
import { jsrEnvironment } from "./environment.ts";
import { deno } from "./run.ts";

const USAGE = `Usage: deno task demo [--help]

Shows what the module is for, in ten seconds: batching, a stampede, a failover
and explain. It starts three servers inside itself, and needs neither memcached
nor anything from npm.`;

readWords(Deno.args, USAGE);
const permissions = ["--allow-net", "--allow-read"];
const args = ["run", ...permissions, "examples/demo.ts"];
Deno.exit(await deno(args, await jsrEnvironment()));
