/** Programs from npm, kept in a cache of the user's, so that a machine with nothing but npm has them. @module */

import { exec } from "./exec.ts";

const { os, arch } = Deno.build;
/** Whether the processor is ARM's, of which each package has another name. */
const isArm = arch === "aarch64";

/** A program, and the package that it comes in: the one for this machine, which needs no install script. */
export interface Tool {
  /** What it is called in reports. */
  readonly name: string;
  /** The package and its version. */
  readonly from: string;
  /** Where it is in the package. */
  readonly path: string;
}

/** Node of a version. */
export function node(version: string): Tool {
  return {
    name: `Node ${version}`,
    from: `node-${os}-${isArm ? "arm64" : "x64"}@${version}`,
    path: "bin/node",
  };
}

/** Bun of a version. */
export function bun(version: string): Tool {
  const cpu = isArm ? "aarch64" : "x64";
  return { name: `Bun ${version}`, from: `@oven/bun-${os}-${cpu}@${version}`, path: "bin/bun" };
}

/** workerd of a version. */
export function workerd(version: string): Tool {
  const cpu = isArm ? "arm64" : "64";
  return {
    name: `workerd ${version}`,
    from: `@cloudflare/workerd-${os}-${cpu}@${version}`,
    path: "bin/workerd",
  };
}

/**
 * Installs a tool, unless the cache has it.
 *
 * @returns The absolute path of the program.
 * @throws {Error} When it cannot be had; the message has what npm printed.
 */
export async function install({ from, path }: Tool): Promise<string> {
  const folder = `${cacheFolder()}/${from.replaceAll("/", "+")}`;
  const program = `${folder}/node_modules/${from.replace(/@[^@/]*$/, "")}/${path}`;
  if (await isFile(program)) return program;
  await Deno.mkdir(folder, { recursive: true });
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  await exec("npm", ["install", ...quiet, "--prefix", folder, from]);
  if (await isFile(program)) return program;
  throw new Error(`Cannot install ${from}: it has no ${path}`);
}

function cacheFolder(): string {
  const home = Deno.env.get("HOME");
  const caches = Deno.env.get("XDG_CACHE_HOME") ?? (home === undefined ? "/tmp" : `${home}/.cache`);
  return `${caches}/moecache-tests`;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
