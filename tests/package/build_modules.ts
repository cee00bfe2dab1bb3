/** The JavaScript of the package: a file for each entry, and files that entries share. @module */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { exec } from "./exec.ts";
import { copyForeignModules } from "./foreign_modules.ts";

const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = fileURLToPath(new URL("build_program.mjs", import.meta.url));
/** The module of the main entry. */
const MAIN = "mod.ts";
/** What Node and Bun load with the first operation. */
const CONNECTING: readonly string[] = [
  "src/fleet/running_fleet.ts",
  "src/transport/node.ts",
  "src/transport/bun.ts",
];

/** What {@linkcode buildModules} makes a package of. */
export interface BuildOptions {
  /** The modules, relative to the repository, and the name of the file for each, without an ending. */
  readonly entries: Readonly<Record<string, string>>;
  /** The absolute path of the folder for the files, below that of the package. */
  readonly folder: string;
  /** The absolute path of the folder of the package. */
  readonly root: string;
  /** Packages that are imported, and not bundled in. */
  readonly peers?: readonly string[];
  /** Environment variables for Deno. */
  readonly env?: Record<string, string>;
}

/** The options of the program that makes the files; paths are absolute. */
export interface BuildJob {
  /** The modules by the names of their files. */
  readonly entries: Readonly<Record<string, string>>;
  /** The one of them that most programs load. */
  readonly main?: string;
  /** What is loaded with the first operation. */
  readonly connecting: readonly string[];
  readonly folder: string;
  readonly root: string;
  /** The folder of the repository. */
  readonly repository: string;
  /** The folder of the modules of other packages. */
  readonly foreign: string;
  /** Those modules, by the names that the sources have for them. */
  readonly copies: Readonly<Record<string, string>>;
  readonly peers: readonly string[];
}

/** A file that was made. */
export interface BuiltFile {
  /** Where it is, relative to the package. */
  readonly path: string;
  /** Whether it is an entry, and not shared by some. */
  readonly isEntry: boolean;
  /** What it exports. */
  readonly exports: readonly string[];
}

/**
 * Bundles modules of this repository, and all that they import, with source maps that hold the sources.
 *
 * @returns The files that were made, but for the maps.
 * @throws {Error} When a tool fails; the message has what it printed.
 */
export async function buildModules(options: BuildOptions): Promise<BuiltFile[]> {
  const { entries, folder, root, peers = [], env = {} } = options;
  const foreign = await copyForeignModules(Object.keys(entries), env);
  const copies = [...foreign.copies].filter(([name]) => !peers.includes(name));
  const job: BuildJob = {
    entries: Object.fromEntries(
      Object.entries(entries).map(([module, name]) => [name, resolve(ROOT, module)]),
    ),
    ...(MAIN in entries ? { main: resolve(ROOT, MAIN) } : {}),
    connecting: CONNECTING.map((module) => resolve(ROOT, module)),
    ...{ folder, root, repository: ROOT, foreign: foreign.folder },
    ...{ copies: Object.fromEntries(copies), peers },
  };
  return JSON.parse(await exec("node", [PROGRAM], { input: JSON.stringify(job) }));
}
