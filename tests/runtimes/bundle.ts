/** One file of JavaScript of a module of this repository, for runtimes that take nothing else. @module */

import { fileURLToPath, pathToFileURL } from "node:url";
import { exec } from "../package/exec.ts";
import { installEsbuild } from "../package/tool.ts";

/** The oldest runtime that is supported: it knows no `using`. */
const TARGET = "node20";
/** How tests name the sources, from wherever they are. */
const SOURCES = ["../mod.ts", "../../mod.ts", "../src/*", "../../src/*", "../../../src/*"];
/** An import of {@linkcode SOURCES}, as the bundler leaves it. */
const SOURCE_IMPORT = /^(import\b[^"\n]*)"(?:\.\.\/)+((?:mod|src\/[^"\n]+)\.ts)"/gm;

const ROOT = new URL("../../", import.meta.url);

/** How {@linkcode bundle} goes about it. */
export interface BundleOptions {
  /** The module that is to stand for the name `Deno`, such as `deno_shim.js`; none unless given. */
  readonly shim?: URL;
  /**
   * What becomes of the sources: `"bundled"` unless given. The package in `node_modules` beside the output
   * takes their place otherwise, `"imported"` when the program runs or `"packed"` with the rest.
   */
  readonly sources?: "bundled" | "imported" | "packed";
  /** Environment variables for Deno. */
  readonly env?: Record<string, string>;
}

/**
 * Bundles a module with all it imports, but for Node's and the runtimes' own modules.
 *
 * @param entry The module.
 * @param output The absolute path of the file to write.
 * @throws {Error} When a tool fails; the message has what it printed.
 */
export async function bundle(
  entry: URL,
  output: string,
  { shim, sources = "bundled", env = {} }: BundleOptions = {},
): Promise<void> {
  const whole = `${output}.whole.mjs`;
  const externals = sources === "bundled" ? [] : SOURCES.map((path) => `--external=${path}`);
  // Deno knows where the imports come from, and esbuild how to say it to older runtimes.
  const args = ["bundle", "--quiet", "--platform=deno", ...externals, "--output", whole];
  // The configuration that names the imports is looked for where Deno runs.
  await exec(Deno.execPath(), [...args, fileURLToPath(entry)], { env, cwd: ROOT });
  if (sources !== "bundled") await importPackage(whole);
  await exec(await installEsbuild(), [
    ...[
      whole,
      `--outfile=${output}`,
      "--bundle",
      "--format=esm",
      "--platform=neutral",
      `--target=${TARGET}`,
    ],
    ...["--external:node:*", "--external:cloudflare:*", "--log-level=error", "--allow-overwrite"],
    ...(sources === "imported" ? ["--packages=external", "--external:./node_modules/*"] : []),
    ...(shim === undefined ? [] : ["--define:Deno=denoShim", `--inject:${fileURLToPath(shim)}`]),
  ], { cwd: ROOT });
  await Deno.remove(whole);
}

/** Has a bundle import what is public by its name from the package, and the rest from the package's files. */
async function importPackage(path: string): Promise<void> {
  const { name, exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const names = new Map(
    Object.entries(exports).map(([key, file]) => [file, `${name}${key.slice(1)}`]),
  );
  const text = await Deno.readTextFile(path);
  const specifier = (file: string) =>
    names.get(`./${file}`) ?? `./node_modules/${name}/${file.replace(/\.ts$/, ".js")}`;
  const importing = text.replaceAll(
    SOURCE_IMPORT,
    (_, start: string, file: string) => `${start}"${specifier(file)}"`,
  );
  await Deno.writeTextFile(path, importing);
}

if (import.meta.main) {
  const [entry, output, ...flags] = Deno.args;
  if (entry === undefined || output === undefined) throw new Error("Give an entry and an output");
  const here = pathToFileURL(`${Deno.cwd()}/`);
  const shim = new URL("deno_shim.js", import.meta.url);
  const options = flags.includes("--with-tests") ? { shim } : {};
  await bundle(new URL(entry, here), fileURLToPath(new URL(output, here)), options);
}
