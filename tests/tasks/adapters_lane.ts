import { fileURLToPath } from "node:url";
import { memcachedPath } from "../support/memcached.ts";
import { installLocked } from "../package/npm_folder.ts";
import { faultOf, type Lane, type Outcome } from "./lane.ts";
import { denoKeepingOutput } from "./run.ts";
import { testTwice } from "./second_try.ts";

const SUITES = new URL("../adapters/suites/", import.meta.url);
const WHAT = "the adapters with the packages they adapt, and other clients of npm";

/** What npm's packages ask of the adapters, which have a configuration of their own. */
export const adaptersLane: Lane = {
  name: "adapters",
  run: async ({ env }) => {
    if (memcachedPath() === undefined) return notRun("memcached is not on the PATH");
    const fault = await faultOf(installLocked(SUITES));
    if (fault !== undefined) return notRun(fault);
    const folder = fileURLToPath(SUITES);
    const counted = await testTwice((paths = [folder]) =>
      denoKeepingOutput(
        ["test", "--trace-leaks", "--allow-all", "--config", `${folder}deno.json`, ...paths],
        env,
      )
    );
    return { ...counted, notRun: [] };
  },
};

function notRun(why: string): Outcome {
  return { passed: 0, failed: 0, notRun: [`${WHAT} (${why})`] };
}
