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
  const entries = {
    ".": "mod.ts",
    "./bentocache": "src/adapters/bentocache.ts",
    "./keyv": "src/adapters/keyv.ts",
    "./memcached": "src/adapters/memcached.ts",
    "./memjs": "src/adapters/memjs.ts",
    "./rate-limit": "src/adapters/rate_limit.ts",
    "./rings": "src/routing/mod.ts",
    "./session": "src/adapters/session.ts",
    "./unstorage": "src/adapters/unstorage.ts",
  };
  const exports: Record<string, string> = {};
  for (const [name, source] of Object.entries(entries)) {
    const file = `${name.slice(2) || "mod"}.js`;
    const entry = new URL(`../../${source}`, import.meta.url);
    await bundle(entry, fileURLToPath(new URL(file, own)), { env });
    exports[name] = `./${file}`;
  }
  const manifest = { name: "@moecache/moecache", type: "module", exports };
  await Deno.writeTextFile(new URL("package.json", own), JSON.stringify(manifest));
}
