// @ts-check
/**
 * A program for Node: bundles what Rollup leaves of modules of this repository. Its standard input is a list of
 * jobs as JSON, its output a list of what came of each.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";

/**
 * @import { Chunk, RollupJob } from "./bundles.ts"
 */

const require = createRequire(new URL("../tools/", import.meta.url));
const { rollup } = require("rollup");
const { transform } = require("esbuild");

/** The name of the module that is bundled. */
const PROGRAM = "\0program";

/** @type {Map<string, Promise<string>>} */
const compiled = new Map();

/**
 * JavaScript of a module of TypeScript: nothing but its types are taken out.
 *
 * @param {string} code
 * @param {string} id
 */
function compile(code, id) {
  const options = { loader: "ts", sourcefile: id };
  const known = compiled.get(id) ??
    transform(code, options).then((/** @type {{ code: string }} */ result) => result.code);
  if (id !== PROGRAM) compiled.set(id, known);
  return known;
}

/**
 * @param {RollupJob} job
 * @returns {Promise<Chunk[]>}
 */
async function bundle({ program, copies }) {
  const bundled = await rollup({
    input: PROGRAM,
    external: [/^node:/, /^cloudflare:/],
    plugins: [{
      name: "sources",
      resolveId: (/** @type {string} */ name) => name === PROGRAM ? PROGRAM : copies[name],
      load: (/** @type {string} */ id) => id === PROGRAM ? program : undefined,
      transform: compile,
    }],
  });
  const { output } = await bundled.generate({ format: "es" });
  return await Promise.all(output.map(async (/** @type {any} */ chunk) => ({
    name: chunk.fileName,
    isEntry: chunk.isEntry,
    imports: chunk.imports,
    modules: Object.fromEntries(
      Object.entries(chunk.modules).map(([id, { renderedLength }]) => [id, renderedLength]),
    ),
    code: (await transform(chunk.code, { minify: true, format: "esm" })).code,
  })));
}

/** @type {Chunk[][]} */
const results = [];
for (const job of JSON.parse(readFileSync(0, "utf8"))) results.push(await bundle(job));
process.stdout.write(JSON.stringify(results));
