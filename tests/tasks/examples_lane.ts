import { installPackages } from "../examples/packages.ts";
import { memcachedPath, programPath } from "../support/memcached.ts";
import { countTests } from "./deno_lane.ts";
import type { Lane, Outcome } from "./lane.ts";
import { denoKeepingOutput, type Environment } from "./run.ts";

const TESTS = "tests/examples/other_runtimes.ts";
const ALL = "the examples for Bun, Node and workerd";
/** The runtimes that are not from npm, and the example of each. */
const EXAMPLES = { bun: "examples/bun_serve.ts", node: "examples/migrate_from_memjs.mjs" };

/** The examples for other runtimes, with what they import from npm. */
export const examplesLane: Lane = {
  name: "examples",
  run: async ({ args, env }) => {
    if (args.length > 0) return nothing(`${ALL} (arguments are for deno test alone)`);
    if (memcachedPath() === undefined) return nothing(`${ALL} (memcached is not on the PATH)`);
    const fault = await install(env);
    if (fault !== undefined) return nothing(`${ALL} (${fault})`);
    const { code, output } = await denoKeepingOutput(
      ["test", "--trace-leaks", "--allow-all", TESTS],
      env,
    );
    const notRun = Object.entries(EXAMPLES)
      .filter(([runtime]) => programPath(runtime) === undefined)
      .map(([runtime, example]) => `${example} (${runtime} is not on the PATH)`);
    return { ...countTests(output, code), notRun };
  },
};

function nothing(notRun: string): Outcome {
  return { passed: 0, failed: 0, notRun: [notRun] };
}

/** Resolves to why the packages cannot be had, if they cannot. */
async function install(env: Environment): Promise<string | undefined> {
  try {
    await installPackages(env);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
