/** Installs programs that tests compare with. @module */

import { run, say } from "./run.ts";

const QUIET = { DEBIAN_FRONTEND: "noninteractive" };

const APT_GET = "/usr/bin/apt-get";

/**
 * Makes sure that there is a program: one on the `PATH`, or else, on a Debian machine and as root, one
 * from `apt-get`.
 *
 * @param name The program, and the package that it comes in.
 * @param find Looks for the program.
 * @param variable The environment variable that may have its path, if there is one.
 * @returns Why there is none and what to do, or `undefined` when there is one.
 */
export async function installProgram(
  name: string,
  find: () => string | undefined,
  variable?: string,
): Promise<string | undefined> {
  if (find() !== undefined) return undefined;
  const hasAptGet = await isFile(APT_GET);
  if (!hasAptGet || Deno.uid() !== 0) return adviceFor(name, hasAptGet, variable);
  say(`${name} is not on the PATH: installing it with apt-get`);
  const isInstalled = await install(name) ||
    (await run(APT_GET, ["update", "-qq"]) === 0 && await install(name));
  if (!isInstalled) return `${adviceFor(name, false, variable)}; apt-get could not`;
  return find() === undefined ? `${name} is not on the PATH, even installed` : undefined;
}

/** Says that a program is missing, and what to do. */
export function adviceFor(name: string, isForRoot: boolean, variable?: string): string {
  const set = variable === undefined ? "" : `, or set ${variable} to its path`;
  return `${name} is not on the PATH: install it${set}${isForRoot ? ", or run this as root" : ""}`;
}

async function install(name: string): Promise<boolean> {
  const args = ["install", "-y", "-qq", "--no-install-recommends", name];
  return await run(APT_GET, args, QUIET) === 0;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
