import { programPath } from "../support/memcached.ts";
import { install, installTools, OLDEST_NODE } from "../package/tool.ts";
import { faultOf, type Lane, type Outcome } from "./lane.ts";
import { denoKeepingOutput } from "./run.ts";
import { testTwice } from "./second_try.ts";

const TESTS = ["packed_package", "packed_program", "packed_types"]
  .map((name) => `tests/package/${name}.ts`);
const WHAT = "what is in the package";

/** The package: what is in it, its types, that Node and Bun install, import and require it, and its program. */
export const packageLane: Lane = {
  name: "package",
  run: async ({ env }) => {
    if (programPath("npm") === undefined) return notRun("npm is not on the PATH");
    const fault = await faultOf(prepare());
    if (fault !== undefined) return notRun(fault);
    const counted = await testTwice((args) =>
      denoKeepingOutput(["test", "--trace-leaks", "--allow-all", ...args, ...TESTS], env)
    );
    return { ...counted, notRun: [] };
  },
};

async function prepare(): Promise<void> {
  await installTools();
  await install(OLDEST_NODE);
}

function notRun(why: string): Outcome {
  return { passed: 0, failed: 0, notRun: [`${WHAT} (${why})`] };
}
