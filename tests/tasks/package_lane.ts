/** The tests of the npm package. @module */

import { programPath } from "../support/memcached.ts";
import { Tarball } from "../package/tarball.ts";
import { install, installTools, OLDEST_NODE } from "../package/tool.ts";
import { PROCESSES } from "./deno_lane.ts";
import { faultOf, type Lane, type Outcome } from "./lane.ts";
import { Progress } from "./progress.ts";
import type { Environment } from "./run.ts";
import type { TestFile } from "./test_files.ts";
import { runPool } from "./test_pool.ts";

/** The tests, and how many seconds each keeps a core busy, about. */
const TESTS: readonly TestFile[] = Object.entries({
  packed_types: 60,
  packed_package: 45,
  packed_program: 20,
}).map(([name, seconds]) => ({ paths: [`tests/package/${name}.ts`], seconds }));
const WHAT = "what is in the package";

/** The package: what is in it, its types, that Node and Bun install, import and require it, and its program. */
export const packageLane: Lane = {
  name: "package",
  run: async ({ env }) => {
    if (programPath("npm") === undefined) return notRun("npm is not on the PATH");
    const fault = await faultOf(prepare());
    if (fault !== undefined) return notRun(fault);
    let given: Environment = {};
    // A package that cannot be made is a fault of the package's.
    const made = await faultOf(Tarball.share(env).then((tarball) => given = tarball.env));
    if (made !== undefined) return { ...notRun("it cannot be made"), failed: 1 };
    using progress = new Progress("package");
    return await runPool(TESTS, {
      env: { ...env, ...given },
      // Types are looked at by `deno task ok`.
      args: ["--no-check", "--trace-leaks"],
      processes: PROCESSES,
      isShared: false,
      progress,
    });
  },
};

async function prepare(): Promise<void> {
  await installTools();
  await install(OLDEST_NODE);
}

function notRun(why: string): Outcome {
  return { passed: 0, failed: 0, notRun: [`${WHAT} (${why})`] };
}
