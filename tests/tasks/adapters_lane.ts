import { countTests } from "./deno_lane.ts";
import type { Lane, Outcome } from "./lane.ts";
import { memcachedPath } from "../support/memcached.ts";
import { deno, denoKeepingOutput, type Environment } from "./run.ts";

const FOLDER = "tests/adapters/suites/";
const CONFIG = ["--config", `${FOLDER}deno.json`];
const WHAT = "the adapters with the packages they adapt";

/** What npm's packages ask of the adapters, which have a configuration of their own. */
export const adaptersLane: Lane = {
  name: "adapters",
  run: async ({ args, env }) => {
    if (args.length > 0) return notRun("arguments are for deno test alone");
    if (memcachedPath() === undefined) return notRun("memcached is not on the PATH");
    if (!await isInstalled(env)) return notRun("its packages cannot be had from npm");
    const { code, output } = await denoKeepingOutput(
      ["test", "--trace-leaks", "--allow-all", ...CONFIG, FOLDER],
      env,
    );
    return { ...countTests(output, code), notRun: [] };
  },
};

function notRun(why: string): Outcome {
  return { passed: 0, failed: 0, notRun: [`${WHAT} (${why})`] };
}

/** Fetches the packages, unless Deno has them in its cache. */
async function isInstalled(env: Environment): Promise<boolean> {
  const packages = ["keyv_suite_test.ts", "unstorage_driver_test.ts", "hono_cache_test.ts"];
  return await deno(
    ["cache", "--quiet", ...CONFIG, ...packages.map((file) => FOLDER + file)],
    env,
  ) ===
    0;
}
