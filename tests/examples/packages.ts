/** A folder in which the examples for other runtimes find what they import, as a user's does. @module */

import { fileURLToPath } from "node:url";
import { installLocked } from "../package/npm_folder.ts";
import { bundle } from "../runtimes/bundle.ts";

/** Where the examples' packages are, and moecache among them. */
export const PACKAGES: URL = new URL("packages/", import.meta.url);

/**
 * Installs what the lock file pins, and moecache as it is in this repository.
 *
 * @param env Environment variables that Deno's commands need.
 * @throws {Error} When npm or the bundler fails.
 */
export async function installPackages(env: Record<string, string>): Promise<void> {
  await installLocked(PACKAGES);
  const own = new URL("node_modules/@moecache/moecache/", PACKAGES);
  await Deno.mkdir(own, { recursive: true });
  await Deno.writeTextFile(
    new URL("package.json", own),
    JSON.stringify({ name: "@moecache/moecache", type: "module", exports: "./mod.js" }),
  );
  const entry = new URL("../../mod.ts", import.meta.url);
  await bundle(entry, fileURLToPath(new URL("mod.js", own)), { env });
}
