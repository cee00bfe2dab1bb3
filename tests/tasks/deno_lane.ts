/** The tests of the module on Deno, which are `deno task test`. @module */

import { prepareBrowser } from "../cli/web/browser.ts";
import { memcachedPath, programPath } from "../support/memcached.ts";
import { lacksTls } from "../support/memcached_tls.ts";
import { countTests } from "./counts.ts";
import type { Lane } from "./lane.ts";
import { installProgram } from "./program_install.ts";
import { Progress } from "./progress.ts";
import { denoKeepingOutput } from "./run.ts";
import { listTests } from "./test_files.ts";
import { runPool } from "./test_pool.ts";

/** Some of the tests wait, so one more process than processors keeps all of them busy. */
export const PROCESSES: number = Math.min(navigator.hardwareConcurrency, 7) + 1;

/** The module's tests on this runtime and on real memcached. */
export const denoLane: Lane = {
  name: "deno test",
  run: async ({ args, env }) => {
    const notRun = await prepareMemcached();
    if (args.length > 0) {
      notRun.push(...await prepareWebPage());
      const { code, output } = await denoKeepingOutput(
        ["test", "--doc", "--trace-leaks", "--allow-all", ...args],
        env,
      );
      return { ...countTests(output, code), notRun };
    }
    using progress = new Progress("deno test");
    // Types are looked at by `deno task ok`.
    const options = { env, args: ["--no-check"], processes: PROCESSES, isShared: true, progress };
    return { ...await runPool(listTests(), options), notRun };
  },
};

/** Gets the programs that the tests compare with; resolves to what cannot be run without them. */
export async function prepareMemcached(): Promise<string[]> {
  return [
    ...missing(
      "everything that needs a real memcached",
      await installProgram("memcached", memcachedPath, "MEMCACHED"),
    ),
    ...missing("TLS with a real memcached", tlsFault()),
    ...missing("what Python makes of pickles", await installProgram("python3", python3Path)),
  ];
}

/** The same for the tests of the page of `moecache web`. */
export async function prepareWebPage(): Promise<string[]> {
  return missing("the page of moecache web in a browser", await prepareBrowser());
}

/** What is wrong with a memcached that is there. */
function tlsFault(): string | undefined {
  return memcachedPath() !== undefined && lacksTls() ? "it was built without it" : undefined;
}

const python3Path = () => programPath("python3");

/** Says what was not run, where there is a reason. */
export function missing(what: string, fault: string | undefined): string[] {
  return fault === undefined ? [] : [`${what} (${fault})`];
}
