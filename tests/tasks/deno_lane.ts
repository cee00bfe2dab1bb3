import { installTools } from "../package/tool.ts";
import { faultOf, type Lane, type Outcome } from "./lane.ts";
import { installProgram } from "./program_install.ts";
import { memcachedPath, programPath } from "../support/memcached.ts";
import { lacksTls } from "../support/memcached_tls.ts";
import { denoKeepingOutput } from "./run.ts";

/** The tests that need bundlers. */
const SIZES = "tests/bundle/";

/** `deno test`: the tests, and the examples in the documentation and in the README. */
export const denoLane: Lane = {
  name: "deno test",
  run: async ({ args, env }) => {
    const toolsFault = await faultOf(installTools());
    const ignored = toolsFault === undefined ? [] : [`--ignore=${SIZES}`];
    const notRun = [
      ...missing("the sizes of bundles", toolsFault),
      ...missing(
        "everything that needs a real memcached",
        await installProgram("memcached", memcachedPath),
      ),
      ...missing("TLS with a real memcached", tlsFault()),
      ...missing("what Python makes of pickles", await installProgram("python3", python3Path)),
    ];
    const { code, output } = await denoKeepingOutput(
      ["test", "--doc", "--trace-leaks", "--allow-all", ...ignored, ...args],
      env,
    );
    return { ...countTests(output, code), notRun };
  },
};

/** What is wrong with a memcached that is there. */
function tlsFault(): string | undefined {
  return memcachedPath() !== undefined && lacksTls() ? "it was built without it" : undefined;
}

const python3Path = () => programPath("python3");

function missing(what: string, fault: string | undefined): string[] {
  return fault === undefined ? [] : [`${what} (${fault})`];
}

/** Reads `ok | 12 passed (3 steps) | 0 failed (1s)`, Deno's last word on a run. */
export function countTests(output: string, code: number): Omit<Outcome, "notRun"> {
  const summaries = [
    ...stripColor(output).matchAll(/^(?:ok|FAILED) \| (\d+) passed.*?\| (\d+) failed/gm),
  ];
  const [, passed, failed] = summaries.at(-1) ?? [];
  const counted = { passed: Number(passed ?? 0), failed: Number(failed ?? 0) };
  // A module that does not load, and a threshold that is missed, are in no count of Deno's.
  return code === 0 || counted.failed > 0 ? counted : { ...counted, failed: 1 };
}

function stripColor(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/\x1b\[[0-9;]*m/g, "");
}
