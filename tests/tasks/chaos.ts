/**
 * `deno task chaos [--minutes N] [--seed S]`: the client under fire, fuzzing and recoveries for that long.
 */

import { chooseSeed } from "../chaos/random.ts";
import { readOptions } from "./arguments.ts";
import { jsrEnvironment } from "./environment.ts";
import { deno } from "./run.ts";

const USAGE = `Usage: deno task chaos [--minutes N] [--seed S] [--help]

Damages the connections between the client and real memcached, and checks each
answer against a model; then feeds the parser and the pickle reader with damaged
bytes, and kills memcached repeatedly.

  --minutes  about how many minutes the run takes; the default is 6
  --seed     repeats the run with this seed; the default is a random seed`;

const { minutes, seed } = readOptions(Deno.args, USAGE, { minutes: 6, seed: chooseSeed() });
// Memory is compared without garbage.
const flags = ["-A", "--v8-flags=--expose-gc"];
const args = ["run", ...flags, "tests/chaos/run.ts", `${minutes}`, `${seed}`];
Deno.exit(await deno(args, await jsrEnvironment()));
