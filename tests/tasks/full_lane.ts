import { installTools } from "../package/tool.ts";
import { EXTENT } from "../support/extent.ts";
import { missing, prepareMemcached } from "./deno_lane.ts";
import { faultOf, type Lane } from "./lane.ts";
import { Progress } from "./progress.ts";
import { listFullTests } from "./test_files.ts";
import { runPool } from "./test_pool.ts";

/** The tests that need bundlers. */
const SIZES = "tests/bundle/";

/** What takes long here: examples in the documentation, faults, drills, full numbers of cases, memory, bundles. */
export const fullLane: Lane = {
  name: "deno test, in full",
  run: async ({ env }) => {
    const notRun = await prepareMemcached();
    const toolsFault = await faultOf(installTools());
    const files = listFullTests().filter(({ paths }) =>
      toolsFault === undefined || !paths.some((path) => path.startsWith(SIZES))
    );
    using progress = new Progress("deno test, in full");
    const options = {
      env: { ...env, [EXTENT]: "full" },
      args: ["--no-check", "--trace-leaks"],
      // Much of it measures how late something is, and how much memory it takes.
      processes: 1,
      isShared: false,
      progress,
    };
    return {
      ...await runPool(files, options),
      notRun: [...notRun, ...missing("the sizes of bundles", toolsFault)],
    };
  },
};
