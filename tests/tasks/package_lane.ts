import { install } from "../package/tool.ts";
import { NEWEST_BUN, OLDEST_NODE, TYPESCRIPT } from "../package/tools.ts";
import { programPath } from "../support/memcached.ts";
import { countTests } from "./deno_lane.ts";
import type { Lane, Outcome } from "./lane.ts";
import { denoKeepingOutput, say } from "./run.ts";

const TESTS = "tests/package/packed_package.ts";
const WHAT = "what is in the package";

/** The package: what is in it, its types, its sizes in a bundle, and that Node and Bun import it. */
export const packageLane: Lane = {
  name: "package",
  run: async ({ args, env }) => {
    if (args.length > 0) return notRun("arguments are for deno test alone");
    if (programPath("npm") === undefined) return notRun("npm is not on the PATH");
    for (const tool of [OLDEST_NODE, NEWEST_BUN, TYPESCRIPT]) {
      try {
        await install(tool);
      } catch (error) {
        say(error instanceof Error ? error.message : String(error));
        return notRun(`${tool.name} cannot be had from npm`);
      }
    }
    const { code, output } = await denoKeepingOutput(["test", "--allow-all", TESTS], env);
    return { ...countTests(output, code), notRun: [] };
  },
};

function notRun(why: string): Outcome {
  return { passed: 0, failed: 0, notRun: [`${WHAT} (${why})`] };
}
