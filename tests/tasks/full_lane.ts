/** The tests on Deno that only `deno task test:all` runs. @module */

import { installTools } from "../package/tool.ts";
import { EXTENT } from "../support/extent.ts";
import { missing, prepareMemcached, prepareWebPage, PROCESSES } from "./deno_lane.ts";
import { addUp, faultOf, type Lane } from "./lane.ts";
import { Progress } from "./progress.ts";
import { isMeasuring, listExamples, listFullTests, type TestFile } from "./test_files.ts";
import { type PoolOptions, runPool } from "./test_pool.ts";

/** The tests that need bundlers. */
const SIZES = "tests/bundle/";

/** What takes long here: examples in the documentation, faults, drills, full numbers of cases, memory, bundles. */
export const fullLane: Lane = {
  name: "deno test, in full",
  run: async ({ env }) => {
    const notRun = [...await prepareMemcached(), ...await prepareWebPage()];
    const toolsFault = await faultOf(installTools());
    const files = listFullTests().filter(({ paths }) =>
      toolsFault === undefined || !paths.some((path) => path.startsWith(SIZES))
    );
    const args = ["--no-check", "--trace-leaks"];
    const run = async (name: string, files: readonly TestFile[], more: Partial<PoolOptions>) => {
      using progress = new Progress(name);
      const full = { ...env, [EXTENT]: "full" };
      const pool = { env: full, args, processes: PROCESSES, isShared: false, progress };
      return await runPool(files, { ...pool, ...more });
    };
    return addUp([
      await run("examples of the documentation", listExamples(), { args: [...args, "--doc"] }),
      await run("deno test, in full", files.filter((file) => !isMeasuring(file)), {}),
      await run("deno test, measuring", files.filter(isMeasuring), { processes: 1 }),
      { passed: 0, failed: 0, notRun: [...notRun, ...missing("the sizes of bundles", toolsFault)] },
    ]);
  },
};
