/** A folder in which the examples for other runtimes find what they import, as a user's does. @module */

import { fileURLToPath } from "node:url";
import { bundle } from "../runtimes/bundle.ts";

/** Where the examples' packages are, and moecache among them. */
export const PACKAGES: URL = new URL("packages/", import.meta.url);

/**
 * Installs what `package.json` pins, and moecache as it is in this repository.
 *
 * @param env Environment variables that Deno's commands need.
 * @throws {Error} When npm or the bundler fails.
 */
export async function installPackages(env: Record<string, string>): Promise<void> {
  if (!await isInstalled()) {
    const { code } = await new Deno.Command("npm", {
      args: ["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"],
      cwd: PACKAGES,
    }).spawn().status;
    if (code !== 0) throw new Error(`Cannot install packages: npm ended with status ${code}`);
  }
  const own = new URL("node_modules/@moecache/moecache/", PACKAGES);
  await Deno.mkdir(own, { recursive: true });
  await Deno.writeTextFile(
    new URL("package.json", own),
    JSON.stringify({ name: "@moecache/moecache", type: "module", exports: "./mod.js" }),
  );
  const entry = new URL("../../mod.ts", import.meta.url);
  await bundle(entry, fileURLToPath(new URL("mod.js", own)), { env });
}

async function isInstalled(): Promise<boolean> {
  const { dependencies } = await readJson("package.json") as {
    dependencies: Record<string, string>;
  };
  try {
    const versions = Object.entries(dependencies).map(async ([name, version]) =>
      (await readJson(`node_modules/${name}/package.json`)).version === version
    );
    return (await Promise.all(versions)).every(Boolean);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await Deno.readTextFile(new URL(path, PACKAGES)));
}
