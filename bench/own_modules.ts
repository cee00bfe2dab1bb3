/** moecache as each runtime can load it. @module */

import { pathToFileURL } from "node:url";
import { bundle } from "../tests/runtimes/bundle.ts";
import { type Lineup, OWN_MODULES } from "./contenders.ts";
import type { Runtime } from "./workloads.ts";

/**
 * Prepares moecache for the runtimes: Deno runs the sources as they are, the others get them as the
 * plain JavaScript that the package is published as.
 *
 * @param runtimes What it is going to run on.
 * @param folder Where to put that JavaScript.
 * @param env Environment variables that Deno's commands need.
 */
export async function prepareOwnModules(
  runtimes: readonly Runtime[],
  folder: string,
  env: Record<string, string>,
): Promise<Lineup["moduleFor"]> {
  const pathOf = (file: string) => `${folder}/${file.replace(/\.ts$/, ".mjs")}`;
  const sourceOf = (file: string) => new URL(`clients/${file}`, import.meta.url);
  if (runtimes.some((runtime) => runtime !== "deno")) {
    for (const file of OWN_MODULES) await bundle(sourceOf(file), pathOf(file), { env });
  }
  return (file, runtime) =>
    runtime === "deno" ? sourceOf(file).href : pathToFileURL(pathOf(file)).href;
}
