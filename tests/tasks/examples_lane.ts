/** The tests of the examples that need npm. @module */

import { installPackages } from "../examples/packages.ts";
import { memcachedPath } from "../support/memcached.ts";
import { install, NEWEST_BUN, USUAL_NODE, WORKERD } from "../package/tool.ts";
import { faultOf, type Lane, type Outcome } from "./lane.ts";
import { denoKeepingOutput, type Environment } from "./run.ts";
import { testTwice } from "./second_try.ts";

const TESTS = "tests/examples/other_runtimes.ts";
const RUNTIMES = [NEWEST_BUN, USUAL_NODE, WORKERD];
const ALL = "the examples for Bun, Node and workerd";

/** The examples for other runtimes, with what they import from npm. */
export const examplesLane: Lane = {
  name: "examples",
  run: async ({ env }) => {
    if (memcachedPath() === undefined) return nothing(`${ALL} (memcached is not on the PATH)`);
    const fault = await faultOf(prepare(env));
    if (fault !== undefined) return nothing(`${ALL} (${fault})`);
    const counted = await testTwice((args) =>
      denoKeepingOutput(
        ["test", "--trace-leaks", "--allow-all", ...args, TESTS],
        env,
      )
    );
    return { ...counted, notRun: [] };
  },
};

function nothing(notRun: string): Outcome {
  return { passed: 0, failed: 0, notRun: [notRun] };
}

async function prepare(env: Environment): Promise<void> {
  await installPackages(env);
  for (const runtime of RUNTIMES) await install(runtime);
}
