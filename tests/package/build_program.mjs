// @ts-check
/**
 * A program for Node: has Rollup make the JavaScript of the package. Its standard input is a job as JSON, its
 * output what was made.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, relative, resolve } from "node:path";
import process from "node:process";

/** @import { BuildJob, BuiltFile } from "./build_modules.ts" */

const require = createRequire(new URL("../tools/", import.meta.url));
const { rollup } = require("rollup");
const { transform } = require("esbuild");
const { minify } = require("terser");

/** The oldest runtime that is supported. */
const TARGET = "node20.9";
/**
 * The file that has all that the main entry loads at once, and all that is loaded with the first operation: each file
 * takes Node half a millisecond, and every program that uses a client needs both.
 */
const CORE = "core";

/** The comments that bundlers of programs read, and those of licenses. */
const KEPT = /^!|@license|@preserve|webpackIgnore|@vite-ignore/;

/**
 * A mark of a call whose result is returned or thrown. Terser would write it before the `return`, where Rollup warns
 * of it in the bundles of a user; nothing is left out for it.
 */
const MISPLACED = /(?<=\b(?:return|throw) )\/\* @__PURE__ \*\//g;

/** @type {BuildJob} */
const job = JSON.parse(readFileSync(0, "utf8"));
const { entries, main, connecting, folder, root, repository, foreign, copies, peers } = job;

/**
 * What a module imports statically, and so on.
 *
 * @param {string} id
 * @param {(id: string) => { importedIds: string[] } | null} infoOf
 * @returns {Set<string>}
 */
function importsOf(id, infoOf) {
  const found = new Set([id]);
  // A set takes in what is added while it is gone through.
  for (const one of found) {
    for (const imported of infoOf(one)?.importedIds ?? []) found.add(imported);
  }
  found.delete(id);
  return found;
}

/** @type {Set<string> | undefined} */
let core;

/** @type {(id: string, api: { getModuleInfo: (id: string) => any }) => string | undefined} */
function chunkOf(id, { getModuleInfo }) {
  if (main === undefined) return undefined;
  core ??= new Set([
    ...importsOf(main, getModuleInfo),
    ...connecting.flatMap((one) => [one, ...importsOf(one, getModuleInfo)]),
  ]);
  return core.has(id) ? CORE : undefined;
}

/**
 * Where a source is, by a map: in the package, as it is in the repository.
 *
 * @param {string} source
 * @param {string} map
 */
function placeOf(source, map) {
  const path = resolve(dirname(map), source);
  const place = path.startsWith(`${foreign}/`)
    ? `foreign/${relative(foreign, path)}`
    : relative(repository, path);
  return relative(dirname(map), resolve(root, place));
}

/**
 * What takes the place of a text, so that a map holds.
 *
 * @param {string} text
 */
function blanksFor(text) {
  return " ".repeat(text.length);
}

/**
 * Leaves out comments and blanks and shortens local names: Node reads the core of the package in less time. What a
 * stack trace shows stays, and so does what bundlers know unused parts by.
 *
 * @param {string} code
 */
async function shrink(code) {
  return await minify(code, {
    module: true,
    compress: false,
    mangle: { keep_classnames: true, keep_fnames: true },
    // With characters beyond Latin-1, V8 would keep the whole file in two bytes a character, and read it for longer.
    format: { comments: KEPT, preserve_annotations: true, ascii_only: true },
    sourceMap: true,
  });
}

const bundle = await rollup({
  input: entries,
  external: [/^(node|cloudflare):/, ...peers.map((peer) => new RegExp(`^${peer}(/|$)`))],
  plugins: [{
    name: "sources",
    resolveId: (/** @type {string} */ name) => copies[name],
    transform: async (/** @type {string} */ code, /** @type {string} */ id) => {
      const loader = id.endsWith(".ts") ? "ts" : "js";
      const options = { loader, target: TARGET, sourcemap: true, sourcefile: id };
      const { code: plain, map } = await transform(code, options);
      return { code: plain.replaceAll(MISPLACED, blanksFor), map };
    },
  }],
});
const { output } = await bundle.write({
  dir: folder,
  format: "es",
  sourcemap: true,
  sourcemapPathTransform: placeOf,
  chunkFileNames: "shared/[name].js",
  hoistTransitiveImports: false,
  manualChunks: chunkOf,
  plugins: [{ name: "smaller", renderChunk: shrink }],
});

/** @type {BuiltFile[]} */
const files = output.filter((/** @type {any} */ { type }) => type === "chunk")
  .map((/** @type {any} */ { fileName, isEntry, exports }) => ({
    path: relative(root, resolve(folder, fileName)),
    isEntry,
    exports,
  }));
process.stdout.write(JSON.stringify(files));
