/** The JavaScript of the package: a file for each entry, and files that entries share. @module */

import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { exec } from "./exec.ts";
import { copyForeignModules } from "./foreign_modules.ts";
import { installEsbuild } from "./tool.ts";

const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
/** The oldest runtime that is supported. */
const TARGET = "node20.9";
/** What a runtime brings along. */
const RUNTIMES_OWN = ["node:*", "cloudflare:*"];

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

/** A file that was made. */
export interface BuiltFile {
  /** Where it is, relative to the package. */
  readonly path: string;
  /** The module that it is an entry for, relative to the repository; absent for a shared file. */
  readonly entryPoint?: string;
  /** What it exports. */
  readonly exports: readonly string[];
}

/** As much as is read of esbuild's account of its outputs. */
type Outputs = Readonly<Record<string, Omit<BuiltFile, "path">>>;

/**
 * Bundles modules of this repository, and all that they import, with source maps that hold the sources.
 *
 * @returns The files that were made, but for the maps.
 * @throws {Error} When a tool fails; the message has what it printed.
 */
export async function buildModules(options: BuildOptions): Promise<BuiltFile[]> {
  const { entries, folder, root, peers = [], env = {} } = options;
  const foreign = await copyForeignModules(Object.keys(entries), env);
  const bundled = [...foreign.copies].filter(([name]) => !peers.includes(name));
  const metafile = await Deno.makeTempFile({ prefix: "moecache-build-" });
  try {
    await exec(await installEsbuild(), [
      ...Object.entries(entries).map(([module, name]) => `${name}=${module}`),
      ...bundled.map(([name, path]) => `--alias:${name}=${path}`),
      ...[...RUNTIMES_OWN, ...peers].map((name) => `--external:${name}`),
      ...["--bundle", "--splitting", "--format=esm", `--target=${TARGET}`, "--sourcemap"],
      ...["--platform=neutral", "--main-fields=module,main", "--log-level=warning"],
      ...["--chunk-names=shared/[name]-[hash]", `--outdir=${folder}`, `--metafile=${metafile}`],
    ], { cwd: ROOT });
    const { outputs }: { outputs: Outputs } = JSON.parse(await Deno.readTextFile(metafile));
    const files = Object.entries(outputs).filter(([path]) => path.endsWith(".js"))
      .map(([path, file]) => ({ ...file, path: resolve(ROOT, path) }));
    for (const { path } of files) await placeSources(`${path}.map`, root, foreign.folder);
    return files.map((file) => ({ ...file, path: relative(root, file.path) }));
  } finally {
    await Deno.remove(metafile);
  }
}

/** Has a source map name its sources as if they were in the package; it has their texts itself. */
async function placeSources(path: string, root: string, foreign: string): Promise<void> {
  const map: { sources: string[] } = JSON.parse(await Deno.readTextFile(path));
  const folder = dirname(path);
  const sources = map.sources.map((source) => {
    const absolute = resolve(folder, source);
    const isForeign = absolute.startsWith(`${foreign}/`);
    const place = isForeign ? `foreign/${relative(foreign, absolute)}` : relative(ROOT, absolute);
    return relative(folder, resolve(root, place));
  });
  await Deno.writeTextFile(path, JSON.stringify({ ...map, sources }));
}
