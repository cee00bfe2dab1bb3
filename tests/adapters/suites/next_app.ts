/** The application of Next.js in `next_app/`, installed and built. @module */

import { fileURLToPath } from "node:url";
import { exec } from "../../package/exec.ts";
import { installLocked } from "../../package/npm_folder.ts";
import { install, OLDEST_NODE, USUAL_NODE } from "../../package/tool.ts";
import { bundle } from "../../runtimes/bundle.ts";

/** Where the application is. */
export const APP: URL = new URL("next_app/", import.meta.url);

/** The examples that it uses as they are. */
const EXAMPLES = ["next_cache_handler.mjs", "next_pages_handler.mjs"];

/** How Next is called by Node. */
export const NEXT = "node_modules/next/dist/bin/next";

/** What it is built and run with: it reports to nobody. */
export const ENVIRONMENT: Readonly<Record<string, string>> = { NEXT_TELEMETRY_DISABLED: "1" };

/** The programs of the oldest Node that Next 16 takes, and of a new one. */
export interface Nodes {
  readonly oldest: string;
  readonly usual: string;
}

/**
 * Installs what the lock file pins.
 *
 * @throws {Error} When npm cannot; the message has what it printed.
 */
export async function installNextApp(): Promise<Nodes> {
  await installLocked(APP);
  return { oldest: await install(OLDEST_NODE), usual: await install(USUAL_NODE) };
}

/**
 * Builds the application, with moecache as it is in this repository. No memcached is there meanwhile.
 *
 * @throws {Error} When Next cannot; the message has what it printed.
 */
export async function buildNextApp(): Promise<Nodes> {
  const nodes = await installNextApp();
  const own = new URL("node_modules/@moecache/moecache/", APP);
  await Deno.mkdir(own, { recursive: true });
  const entry = new URL("../../../src/adapters/next.ts", import.meta.url);
  await bundle(entry, fileURLToPath(new URL("next.js", own)), { env: Deno.env.toObject() });
  const manifest = {
    name: "@moecache/moecache",
    type: "module",
    exports: { "./next": "./next.js" },
  };
  await Deno.writeTextFile(new URL("package.json", own), JSON.stringify(manifest));
  const examples = new URL("node_modules/.examples/", APP);
  await Deno.mkdir(examples, { recursive: true });
  for (const name of EXAMPLES) {
    const source = new URL(`../../../examples/${name}`, import.meta.url);
    await Deno.copyFile(source, new URL(name, examples));
  }
  await exec(nodes.oldest, [NEXT, "build"], { cwd: APP, env: { ...ENVIRONMENT } });
  return nodes;
}
