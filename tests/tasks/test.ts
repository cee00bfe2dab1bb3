/**
 * `deno task test`: every test there is. Arguments are passed on to `deno test`.
 */

import { jsrEnvironment } from "./environment.ts";
import { runLanes } from "./lanes.ts";
import { say } from "./run.ts";

// For its name, `deno test` takes this file for one of tests and imports it.
if (import.meta.main) {
  const { lines, isGreen } = await runLanes({ args: Deno.args, env: await jsrEnvironment() });
  for (const line of lines) say(line);
  Deno.exit(isGreen ? 0 : 1);
}
