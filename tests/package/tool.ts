/** The programs that the tests run: runtimes for the package, and what makes, measures and compiles it. @module */

import { fileURLToPath } from "node:url";
import { installLocked, installLockedInCache } from "./npm_folder.ts";

/** Where the runtimes are pinned. */
const PROGRAMS = new URL("../runtimes/programs/", import.meta.url);
/** Where the tools are pinned. */
const TOOLS = new URL("../tools/", import.meta.url);

const CPUS: Readonly<Record<string, string>> = { "x86_64": "x64", aarch64: "arm64" };
const { os, arch } = Deno.build;
/** What npm calls this machine's processor. */
const CPU = CPUS[arch] ?? arch;

/** A runtime that comes from npm. */
export interface Tool {
  /** What it is called in reports. */
  readonly name: string;
  /** What the package is called in `tests/runtimes/programs/package.json`, but for the processor. */
  readonly from: string;
  /** Where the program is in the package. */
  readonly path: string;
}

/** The first release of Node 20, which `engines` names. */
export const OLDEST_NODE: Tool = { name: "Node 20.9", from: "node-20.9", path: "bin/node" };
/** The first Node that takes a module from `require()`. */
export const REQUIRING_NODE: Tool = { name: "Node 20.19", from: "node-20.19", path: "bin/node" };
/** The Node of most machines. */
export const USUAL_NODE: Tool = { name: "Node 24", from: "node-24", path: "bin/node" };
/** The newest Node. */
export const NEWEST_NODE: Tool = { name: "Node 26", from: "node-26", path: "bin/node" };
/** The first release of Bun 1.2, which `engines` names. */
export const OLDEST_BUN: Tool = { name: "Bun 1.2", from: "bun-1.2", path: "bin/bun" };
/** The newest Bun. */
export const NEWEST_BUN: Tool = { name: "Bun 1.4", from: "bun-1.4", path: "bin/bun" };
/** Cloudflare's runtime for workers. */
export const WORKERD: Tool = { name: "workerd", from: "workerd", path: "bin/workerd" };

/**
 * Installs a runtime, unless it is installed.
 *
 * @returns The absolute path of the program.
 * @throws {Error} When it cannot be had; the message says why.
 */
export async function install({ name, from, path }: Tool): Promise<string> {
  const folder = fileURLToPath(await installLockedInCache(PROGRAMS));
  const program = `${folder}node_modules/${from}-${CPU}/${path}`;
  if (await isFile(program)) return program;
  throw new Error(`Cannot install ${name}: none is pinned for ${os} on ${CPU}`);
}

/**
 * Installs the tools, unless they are installed.
 *
 * @returns The absolute path of the folder that has them in its `node_modules`, without a slash at its end.
 * @throws {Error} When npm cannot; the message has what it printed.
 */
export async function installTools(): Promise<string> {
  return fileURLToPath(await installLocked(TOOLS)).replace(/\/$/, "");
}

/** esbuild's program, which needs no runtime. */
export async function installEsbuild(): Promise<string> {
  return `${await installTools()}/node_modules/@esbuild/${os}-${CPU}/bin/esbuild`;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
