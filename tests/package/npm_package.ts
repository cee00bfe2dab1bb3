/**
 * The npm package: what `deno pack` makes, and what it leaves for others to do.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { exec } from "./exec.ts";

/** What is packed unless told otherwise. */
const ROOT = new URL("../../", import.meta.url);
/** An inline source map, as the last line of a module. */
const SOURCE_MAP = /\n\/\/# sourceMappingURL=data:application\/json;base64,(\S+)\s*$/;
/** A statement with a bare name from the import map, of which `deno pack` makes no npm name; no example in a comment. */
const STD_IMPORT = /^((?:.*\*\/ )?(?:import|export|\})[^"\n]*)"@std\/([a-z-]+)/gm;

/** What `deno pack` does not know of a package. */
const FIELDS = {
  description:
    "A memcached client for Deno, Bun, Node and edge workers: one write for all that is issued together, and the servers, values and flags of Python's moecache and EnyimMemcached.",
  keywords: [
    "memcached",
    "memcache",
    "cache",
    "client",
    "deno",
    "bun",
    "workers",
    "enyim",
    "ketama",
  ],
  engines: { node: ">=20.9", bun: ">=1.2", deno: ">=2" },
  // No module does anything when it is loaded but make constants, so bundlers may leave out what is not used.
  sideEffects: false,
};

/** How {@linkcode pack} goes about it. */
export interface PackOptions {
  /** The folder with the `deno.json`; this repository unless given. */
  readonly source?: URL;
  /** What the npm package is called; as the JSR package unless given. */
  readonly name?: string;
  /** Environment variables for Deno. */
  readonly env?: Record<string, string>;
}

/** A package's description of itself, as far as it matters here. */
interface Manifest {
  name: string;
  exports: Record<string, unknown>;
  [field: string]: unknown;
}

/**
 * Packs a JSR package for npm: JavaScript, types and source maps, with dependencies on JSR's packages under
 * the names that JSR's npm registry serves them under.
 *
 * @param folder The absolute path of the folder for the tarball.
 * @returns The absolute path of the tarball.
 * @throws {Error} When `deno`, `tar` or `npm` fails; the message has what it printed.
 */
export async function pack(folder: string, options: PackOptions = {}): Promise<string> {
  const { source = ROOT, env = {} } = options;
  const work = await Deno.makeTempDir({ prefix: "moecache-pack-" });
  try {
    const packed = `${work}/packed.tgz`;
    await exec(Deno.execPath(), ["pack", "--quiet", "--allow-dirty", "--output", packed], {
      cwd: fileURLToPath(source),
      env,
    });
    await exec("tar", ["-xzf", packed, "-C", work]);
    for await (const path of filesIn(`${work}/package`)) {
      await finish(path, new URL(path.slice(`${work}/package/`.length), source));
    }
    await describe(`${work}/package/package.json`, options.name);
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
    const [{ filename }] = JSON.parse(await exec("npm", args, { cwd: `${work}/package` }));
    return `${folder}/${filename}`;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesIn(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

/** Makes a module import npm's names, and puts its source map beside it; `place` is where it came from. */
async function finish(path: string, place: URL): Promise<void> {
  if (!/\.(js|d\.ts)$/.test(path)) return;
  const packed = await Deno.readTextFile(path);
  const text = packed.replaceAll(STD_IMPORT, '$1"@jsr/std__$2');
  const [, encoded] = SOURCE_MAP.exec(text) ?? [];
  if (encoded === undefined) return await Deno.writeTextFile(path, text);
  const name = path.slice(path.lastIndexOf("/") + 1);
  const link = `\n//# sourceMappingURL=${name}.map\n`;
  await Deno.writeTextFile(path, text.replace(SOURCE_MAP, link));
  // What `deno pack` takes for the source has other specifiers in it already.
  const source = await Deno.readTextFile(new URL(place.href.replace(/\.js$/, ".ts")));
  await Deno.writeTextFile(`${path}.map`, relativeMap(encoded, name, source));
}

/** A map that names its source, of which it has the text, beside it and not where it was packed. */
function relativeMap(encoded: string, name: string, source: string): string {
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const map = JSON.parse(new TextDecoder().decode(bytes));
  const sources = [name.replace(/\.js$/, ".ts")];
  return JSON.stringify({ ...map, file: name, sources, sourcesContent: [source] });
}

async function describe(path: string, name: string | undefined): Promise<void> {
  const manifest: Manifest = JSON.parse(await Deno.readTextFile(path));
  const fields = name === undefined ? { ...FIELDS, ...repository() } : { name };
  const exports = { ...manifest.exports, "./package.json": "./package.json" };
  await Deno.writeTextFile(path, JSON.stringify({ ...manifest, ...fields, exports }, null, 2));
}

/** Where the sources are, known where the publishing workflow runs: npm compares it with the provenance. */
function repository(): Record<string, unknown> {
  const name = Deno.env.get("GITHUB_REPOSITORY");
  if (name === undefined) return {};
  const server = Deno.env.get("GITHUB_SERVER_URL") ?? "https://github.com";
  return { repository: { type: "git", url: `git+${server}/${name}.git` } };
}
