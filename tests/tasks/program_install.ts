/** Installs programs that tests compare with. @module */

import { run, say } from "./run.ts";

const QUIET = { DEBIAN_FRONTEND: "noninteractive" };

/**
 * Makes sure that there is a program: one on the `PATH`, or else, on a Debian machine and as root, one
 * from `apt-get`.
 *
 * @param name The program, and the package that it comes in.
 * @param find Looks for the program.
 * @returns Why there is none, or `undefined` when there is one.
 */
export async function installProgram(
  name: string,
  find: () => string | undefined,
): Promise<string | undefined> {
  if (find() !== undefined) return undefined;
  if (!await hasAptGet()) return `${name} is not on the PATH`;
  if (Deno.uid() !== 0) return `${name} is not on the PATH, and only root may install it`;
  say(`${name} is not on the PATH: installing it with apt-get`);
  const isInstalled = await install(name) ||
    (await run("apt-get", ["update", "-qq"]) === 0 && await install(name));
  if (!isInstalled) return `${name} is not on the PATH, and apt-get cannot install it`;
  return find() === undefined ? `${name} is not on the PATH, even installed` : undefined;
}

async function install(name: string): Promise<boolean> {
  const args = ["install", "-y", "-qq", "--no-install-recommends", name];
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
