/** Applications that are installed, built with moecache as it is in this repository, and run on Node. @module */

import { fileURLToPath } from "node:url";
import { exec } from "../../package/exec.ts";
import { installLocked } from "../../package/npm_folder.ts";
import { install, OLDEST_NODE, USUAL_NODE } from "../../package/tool.ts";
import { bundle } from "../../runtimes/bundle.ts";

/** A program in a folder of its own, which has a lock file. */
export interface ProgramFolder {
  /** Its folder. */
  readonly folder: URL;
  /** The entry of the package that it imports. */
  readonly entry: string;
  /** The module of that entry. */
  readonly module: string;
}

/** An application that is built. */
export interface App extends ProgramFolder {
  /** What Node builds it with. */
  readonly command: readonly string[];
  /** Which Node builds it: not every builder runs with the oldest that its product runs with. */
  readonly builder: keyof Nodes;
}

/** The application of Next.js 16. */
export const NEXT_APP: App = {
  folder: new URL("next_app/", import.meta.url),
  entry: "next",
  module: "src/adapters/next.ts",
  command: ["node_modules/next/dist/bin/next", "build"],
  builder: "oldest",
};

/** The application of Next.js 15: what {@linkcode NEXT_APP} has is copied there, but for what needs 16. */
export const NEXT_15_APP: App = { ...NEXT_APP, folder: new URL("next_15_app/", import.meta.url) };

/** The application of Nitro 2. */
export const NITRO_APP: App = {
  folder: new URL("nitro_app/", import.meta.url),
  entry: "unstorage",
  module: "src/adapters/unstorage.ts",
  command: ["node_modules/nitropack/dist/cli/index.mjs", "build"],
  builder: "usual",
};

/** The application of Nitro 3. */
export const NITRO_3_APP: App = {
  ...NITRO_APP,
  folder: new URL("nitro_3_app/", import.meta.url),
  command: ["node_modules/nitro/dist/cli/index.mjs", "build"],
};

/** Backstage's cache, without the rest of its backend: what only that needs is left out. */
export const BACKSTAGE_CACHE: ProgramFolder = {
  folder: new URL("backstage_cache/", import.meta.url),
  entry: "keyv",
  module: "src/adapters/keyv.ts",
};

/** Everything that is installed. */
const FOLDERS = [NEXT_APP, NEXT_15_APP, NITRO_APP, NITRO_3_APP, BACKSTAGE_CACHE];

/** The programs of the oldest Node that is supported, and of a new one. */
export interface Nodes {
  readonly oldest: string;
  readonly usual: string;
}

/**
 * Installs what the lock files pin, so that the tests need nothing else.
 *
 * @throws {Error} When npm cannot; the message has what it printed.
 */
export async function installApps(): Promise<void> {
  for (const { folder } of FOLDERS) await installLocked(folder);
  await installNodes();
}

async function installNodes(): Promise<Nodes> {
  return { oldest: await install(OLDEST_NODE), usual: await install(USUAL_NODE) };
}

/**
 * Builds an application.
 *
 * @param env Environment variables for the build.
 * @throws {Error} When it cannot be built; the message has what was printed.
 */
export async function buildApp(app: App, env: Record<string, string> = {}): Promise<Nodes> {
  const nodes = await installProgram(app);
  await exec(nodes[app.builder], app.command, { cwd: app.folder, env });
  return nodes;
}

/**
 * Installs a program's packages, and moecache as it is in this repository among them.
 *
 * @throws {Error} When npm or the bundler fails; the message has what was printed.
 */
export async function installProgram({ folder, entry, module }: ProgramFolder): Promise<Nodes> {
  await installLocked(folder);
  const nodes = await installNodes();
  const own = new URL("node_modules/@moecache/moecache/", folder);
  await Deno.mkdir(own, { recursive: true });
  const file = `${entry}.js`;
  const source = new URL(`../../../${module}`, import.meta.url);
  await bundle(source, fileURLToPath(new URL(file, own)), { env: Deno.env.toObject() });
  const manifest = {
    name: "@moecache/moecache",
    version: "0.0.0",
    type: "module",
    exports: { [`./${entry}`]: `./${file}` },
  };
  await Deno.writeTextFile(new URL("package.json", own), JSON.stringify(manifest));
  return nodes;
}
