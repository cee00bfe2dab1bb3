/** One file of JavaScript of a module of this repository, for runtimes that take nothing else. @module */

import { dirname, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildModules } from "../package/build_modules.ts";
import { exec } from "../package/exec.ts";
import { copyForeignModules } from "../package/foreign_modules.ts";
import { readEntries } from "../package/module_graph.ts";
import { installEsbuild } from "../package/tool.ts";

/** The oldest runtime that is supported: it knows no `using`. */
const TARGET = "node20";
const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
/** The modules of the package, as the bundler has to leave them alone. */
const SOURCES = [`--external:${ROOT}mod.ts`, `--external:${ROOT}src/*`];
/** Where they are put beside a bundle that is to have them as the package would. */
const BUILT = "built";

/** How {@linkcode bundle} goes about it. */
export interface BundleOptions {
  /** The module that is to stand for the name `Deno`, such as `deno_shim.js`; none by default. */
  readonly shim?: URL;
  /**
   * What becomes of the sources: `"bundled"` with the rest by default. `"installed"`: the package in
   * `node_modules` beside the output takes their place, for what imports its entries alone. `"built"`: they are
   * built as the package is, beside the output, for what imports other modules as well.
   */
  readonly sources?: "bundled" | "installed" | "built";
  /** Whether what takes the place of the sources is bundled with the rest, too. */
  readonly isWhole?: boolean;
  /** Environment variables for Deno. */
  readonly env?: Record<string, string>;
}

/**
 * Bundles a module with all it imports, but for Node's and the runtimes' own modules.
 *
 * @param entry The module.
 * @param output The absolute path of the file to write.
 * @throws {Error} When a tool fails, or a module is no entry of the package; the message says more.
 */
export async function bundle(
  entry: URL,
  output: string,
  { shim, sources = "bundled", isWhole = false, env = {} }: BundleOptions = {},
): Promise<void> {
  const path = fileURLToPath(entry);
  const { copies } = await copyForeignModules([relative(ROOT, path)], env);
  const options = [
    ...["--bundle", "--format=esm", "--platform=neutral", `--target=${TARGET}`],
    ...["--external:node:*", "--external:cloudflare:*", "--log-level=error"],
    ...(shim === undefined ? [] : ["--define:Deno=denoShim", `--inject:${fileURLToPath(shim)}`]),
  ];
  const aliases = [...copies].map(([name, path]) => `--alias:${name}=${path}`);
  const esbuild = await installEsbuild();
  const left = sources === "bundled" ? [] : SOURCES;
  await exec(esbuild, [path, `--outfile=${output}`, ...options, ...aliases, ...left], {
    cwd: ROOT,
  });
  if (sources === "bundled") return;
  const modules = await replaceSources(output, sources === "installed" ? await entryNames() : null);
  const folder = dirname(output);
  if (sources === "built") {
    const entries = Object.fromEntries(modules.map((file) => [file, file.replace(/\.ts$/, "")]));
    await buildModules({ entries, folder: `${folder}/${BUILT}`, root: folder, env });
    await Deno.writeTextFile(`${folder}/${BUILT}/package.json`, `{ "type": "module" }\n`);
  }
  if (!isWhole) return;
  const again = [`--outfile=${output}`, "--allow-overwrite", ...options];
  await exec(esbuild, [output, ...again], { cwd: folder });
}

/** The name of each entry of the package, by its module relative to the repository. */
async function entryNames(): Promise<Map<string, string>> {
  const { name } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const entries = Object.entries(await readEntries());
  return new Map(entries.map(([entry, file]) => [file.slice(2), `${name}${entry.slice(1)}`]));
}

/**
 * Names the modules that the bundler has left alone otherwise.
 *
 * @param path The bundle.
 * @param names What each is called; where it is built if `null`.
 * @returns The modules, relative to the repository.
 */
async function replaceSources(
  path: string,
  names: ReadonlyMap<string, string> | null,
): Promise<string[]> {
  const found = new Set<string>();
  const root = relative(dirname(path), ROOT);
  const text = await Deno.readTextFile(path);
  const replaced = text.replaceAll(
    /(\bfrom |\bimport\(|^import )"([^"\n]+\.ts)"/gm,
    (_, start: string, specifier: string) => {
      const file = relative(root, specifier);
      found.add(file);
      const name = names === null ? `./${BUILT}/${file.replace(/\.ts$/, ".js")}` : names.get(file);
      if (name === undefined) throw new Error(`Cannot import ${file}: it is no entry`);
      return `${start}"${name}"`;
    },
  );
  await Deno.writeTextFile(path, replaced);
  return [...found];
}

if (import.meta.main) {
  const [entry, output, ...flags] = Deno.args;
  if (entry === undefined || output === undefined) throw new Error("Give an entry and an output");
  const here = pathToFileURL(`${Deno.cwd()}/`);
  const shim = new URL("deno_shim.js", import.meta.url);
  const options = flags.includes("--with-tests") ? { shim } : {};
  await bundle(new URL(entry, here), fileURLToPath(new URL(output, here)), options);
}
