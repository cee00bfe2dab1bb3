/** OpenTelemetry's own SDK on `./otel`, on each runtime that it supports. */

import { assertMatch } from "@std/assert";
import { fileURLToPath } from "node:url";
import { exec } from "../../package/exec.ts";
import {
  install,
  NEWEST_BUN,
  NEWEST_NODE,
  REQUIRING_NODE,
  USUAL_NODE,
} from "../../package/tool.ts";
import { buildPackage } from "./built_package.ts";

const FOLDER = new URL("./", import.meta.url);
const cwd = fileURLToPath(FOLDER);
const PROGRAM = "otel_program.mjs";
const PASSED = /^13 passed$/m;

Deno.test("OpenTelemetry's SDK gets spans and metrics on Deno", async () => {
  const args = ["run", "--allow-all", "--quiet", "--config", `${cwd}deno.json`, PROGRAM];
  assertMatch(await exec(Deno.execPath(), args, { cwd }), PASSED);
});

Deno.test("OpenTelemetry's SDK gets spans and metrics on Node and Bun", async () => {
  await buildPackage();
  for (const runtime of [REQUIRING_NODE, USUAL_NODE, NEWEST_NODE, NEWEST_BUN]) {
    assertMatch(await exec(await install(runtime), [PROGRAM], { cwd }), PASSED);
  }
});
