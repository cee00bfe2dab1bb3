/** A folder in which the examples for other runtimes find what they import, as a user's does. @module */

import { fileURLToPath } from "node:url";
import { buildModules } from "../package/build_modules.ts";
import { installLocked } from "../package/npm_folder.ts";

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
    "mod.ts": "mod",
    "src/adapters/bentocache.ts": "bentocache",
    "src/adapters/cache.ts": "cache",
    "src/adapters/keyv.ts": "keyv",
    "src/adapters/memcached.ts": "memcached",
    "src/adapters/memjs.ts": "memjs",
    "src/adapters/rate_limit.ts": "rate-limit",
    "src/adapters/session.ts": "session",
    "src/adapters/unstorage.ts": "unstorage",
    "src/routing/mod.ts": "rings",
  };
  const folder = fileURLToPath(own);
  await buildModules({ entries, folder, root: folder, env });
  const exports: Record<string, string> = { "./*": "./*.js", ".": "./mod.js" };
  const manifest = { name: "@moecache/moecache", type: "module", exports };
  await Deno.writeTextFile(new URL("package.json", own), JSON.stringify(manifest));
}
