import { memcachedPath } from "../memcached.ts";
import { run, say } from "./run.ts";

const QUIET = { DEBIAN_FRONTEND: "noninteractive" };

/**
 * Makes sure that there is a memcached: one on the `PATH`, or else, on a Debian machine and as root,
 * one from `apt-get`.
 *
 * @returns Why there is none, or `undefined` when there is one.
 */
export async function installMemcached(): Promise<string | undefined> {
  if (memcachedPath() !== undefined) return undefined;
  if (!await hasAptGet()) return "memcached is not on the PATH";
  if (Deno.uid() !== 0) return "memcached is not on the PATH, and only root may install it";
  say("memcached is not on the PATH: installing it with apt-get");
  const isInstalled = await install() ||
    (await run("apt-get", ["update", "-qq"]) === 0 && await install());
  if (!isInstalled) return "memcached is not on the PATH, and apt-get cannot install it";
  return memcachedPath() === undefined ? "memcached is not on the PATH, even installed" : undefined;
}

async function install(): Promise<boolean> {
  const args = ["install", "-y", "-qq", "--no-install-recommends", "memcached"];
  return await run("apt-get", args, QUIET) === 0;
}

async function hasAptGet(): Promise<boolean> {
  try {
    return (await Deno.stat("/usr/bin/apt-get")).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
