/** The tests of the adapters with the npm packages that they are for. @module */

import { fileURLToPath } from "node:url";
import { memcachedPath, programPath } from "../support/memcached.ts";
import { installApps } from "../adapters/suites/built_apps.ts";
import { installLocked } from "../package/npm_folder.ts";
import { PROCESSES } from "./deno_lane.ts";
import { addUp, faultOf, type Lane, type Outcome } from "./lane.ts";
import { installProgram } from "./program_install.ts";
import { Progress } from "./progress.ts";
import { deno, type Environment, ROOT } from "./run.ts";
import type { TestFile } from "./test_files.ts";
import { runPool } from "./test_pool.ts";

const ADAPTERS = "tests/adapters/suites/";
const OBSERVING = "tests/observing/suites/";
const WHAT = "the adapters with the packages they adapt, and other clients of npm";
const WHAT_OBSERVES = "OpenTelemetry's SDK, and what Prometheus gets";
const WHAT_PROMTOOL = "Prometheus' promtool";

/** Seconds that a file of the adapters takes, where that is more than a few. */
const SECONDS: Readonly<Record<string, number>> = {
  "next_test.ts": 45,
  "nitro_test.ts": 30,
  "memcached_suite_test.ts": 22,
  "fastify_suite_test.ts": 20,
  "backstage_test.ts": 10,
  "bentocache_test.ts": 8,
  "memjs_test.ts": 6,
};
const A_FEW = 3;

/** What npm's packages ask of the adapters, and what those that observe get; each folder has its configuration. */
export const adaptersLane: Lane = {
  name: "adapters",
  run: async ({ env }) => {
    if (memcachedPath() === undefined) {
      const why = "memcached is not on the PATH";
      return addUp([notRun(WHAT, why), notRun(WHAT_OBSERVES, why)]);
    }
    const promtool = await installProgram("prometheus", () => programPath("promtool"));
    const adapters = (await testsIn(ADAPTERS)).map((path): TestFile => {
      return { paths: [path], seconds: SECONDS[path.slice(ADAPTERS.length)] ?? A_FEW };
    });
    // They share the package that they build, so one process runs all of them.
    const observing = [{ paths: await testsIn(OBSERVING), seconds: 25 }];
    return addUp([
      await runSuite(ADAPTERS, WHAT, { env, files: adapters, prepare: installApps }),
      await runSuite(OBSERVING, WHAT_OBSERVES, { env, files: observing }),
      ...promtool === undefined ? [] : [notRun(WHAT_PROMTOOL, promtool)],
    ]);
  },
};

interface Suite {
  readonly env: Environment;
  readonly files: readonly TestFile[];
  /** Installs what its tests need besides the packages of the folder. */
  readonly prepare?: () => Promise<unknown>;
}

async function runSuite(
  folder: string,
  what: string,
  { env, files, prepare }: Suite,
): Promise<Outcome> {
  const url = new URL(folder, ROOT);
  const fault = await faultOf(installLocked(url).then(prepare));
  if (fault !== undefined) return notRun(what, fault);
  const config = ["--config", fileURLToPath(new URL("deno.json", url))];
  // Types are looked at here, once for all processes: `deno task ok` leaves these folders out.
  const code = await deno(["check", ...config, ...files.flatMap(({ paths }) => paths)], env);
  if (code !== 0) return { passed: 0, failed: 1, notRun: [] };
  using progress = new Progress(folder.replace("tests/", "").replace("/suites/", ""));
  return await runPool(files, {
    env,
    args: ["--no-check", "--trace-leaks", ...config],
    processes: PROCESSES,
    isShared: false,
    progress,
  });
}

/** The files of tests in a folder, from the root of the repository. */
async function testsIn(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(new URL(folder, ROOT)));
  return entries.map(({ name }) => name).filter((name) => name.endsWith("_test.ts")).sort()
    .map((name) => `${folder}${name}`);
}

function notRun(what: string, why: string): Outcome {
  return { passed: 0, failed: 0, notRun: [`${what} (${why})`] };
}
