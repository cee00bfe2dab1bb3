import { fileURLToPath } from "node:url";
import { memcachedPath, programPath } from "../support/memcached.ts";
import { installApps } from "../adapters/suites/built_apps.ts";
import { installLocked } from "../package/npm_folder.ts";
import { addUp, faultOf, type Lane, type Outcome } from "./lane.ts";
import { installProgram } from "./program_install.ts";
import { denoKeepingOutput, type Environment } from "./run.ts";
import { testTwice } from "./second_try.ts";

const ADAPTERS = new URL("../adapters/suites/", import.meta.url);
const OBSERVING = new URL("../observing/suites/", import.meta.url);
const WHAT = "the adapters with the packages they adapt, and other clients of npm";
const WHAT_OBSERVES = "OpenTelemetry's SDK, and what Prometheus gets";
const WHAT_PROMTOOL = "Prometheus' promtool";

/** What npm's packages ask of the adapters, and what those that observe get; each folder has its configuration. */
export const adaptersLane: Lane = {
  name: "adapters",
  run: async ({ env }) => {
    if (memcachedPath() === undefined) {
      const why = "memcached is not on the PATH";
      return addUp([notRun(WHAT, why), notRun(WHAT_OBSERVES, why)]);
    }
    const promtool = await installProgram("prometheus", () => programPath("promtool"));
    return addUp([
      await runSuite(ADAPTERS, WHAT, env, installApps),
      await runSuite(OBSERVING, WHAT_OBSERVES, env),
      ...promtool === undefined ? [] : [notRun(WHAT_PROMTOOL, promtool)],
    ]);
  },
};

/** @param prepare Installs what its tests need besides the packages of the folder. */
async function runSuite(
  suite: URL,
  what: string,
  env: Environment,
  prepare: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Outcome> {
  const fault = await faultOf(installLocked(suite).then(prepare));
  if (fault !== undefined) return notRun(what, fault);
  const folder = fileURLToPath(suite);
  const counted = await testTwice((args) =>
    denoKeepingOutput(
      ["test", "--trace-leaks", "--allow-all", "--config", `${folder}deno.json`, ...args, folder],
      env,
    )
  );
  return { ...counted, notRun: [] };
}

function notRun(what: string, why: string): Outcome {
  return { passed: 0, failed: 0, notRun: [`${what} (${why})`] };
}
