/** What the sources import from JSR and from npm, as files for tools that know of neither. @module */

import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Module, type ModuleGraph, readModuleGraph } from "./module_graph.ts";
import { installTools } from "./tool.ts";

/**
 * Where a module is to be, from its URL: `@std/bytes/1.0.6/concat.ts`, or `chai@6.3.0` for the folder of a
 * package of npm's.
 */
const PLACE =
  /^npm:\/(?<npm>(?:@[^/]+\/)?[^/]+)$|^(?:https|file):.*\/(?<jsr>@[^/]+\/[^/]+\/\d[^/]*\/.+)$/;

/** Copies of modules, and what they are copies of. */
export interface ForeignModules {
  /** The absolute path of the folder of the copies; the same one each time. */
  readonly folder: string;
  /** The absolute path of each copy, under the name that the sources have for it: `@std/bytes/concat`. */
  readonly copies: ReadonlyMap<string, string>;
}

/**
 * Copies the modules that the sources name otherwise than by a path, and what those import.
 *
 * @param entries The modules to begin with, relative to the repository.
 * @param env Environment variables for Deno.
 * @throws {Error} When a module is neither of JSR nor the main one of a package of npm's.
 */
export async function copyForeignModules(
  entries: readonly string[],
  env: Record<string, string> = {},
): Promise<ForeignModules> {
  const folder = `${await installTools()}/node_modules/.foreign`;
  const graph = await readModuleGraph(entries, env);
  const copies = new Map<string, string>();
  for (const { imports } of graph.values()) {
    for (const { specifier, target } of imports) {
      if (specifier.startsWith(".")) continue;
      copies.set(specifier, await copyWithImports(graph, graph.get(target)!, folder));
    }
  }
  return { folder, copies };
}

async function copyWithImports(
  graph: ModuleGraph,
  { url, local, imports }: Module,
  folder: string,
): Promise<string> {
  const { npm, jsr } = PLACE.exec(url)?.groups ?? {};
  const place = npm ?? jsr;
  if (place === undefined) throw new Error(`Cannot bundle ${url}: its place is not known`);
  const copy = `${folder}/${place}`;
  await copyWhole(local, copy);
  for (const { target } of imports) await copyWithImports(graph, graph.get(target)!, folder);
  if (npm === undefined) return copy;
  return join(copy, mainOf(JSON.parse(await Deno.readTextFile(`${copy}/package.json`))));
}

/** Puts a copy into its place at once: other processes may be copying the same, or reading it. */
async function copyWhole(original: string, copy: string): Promise<void> {
  await Deno.mkdir(dirname(copy), { recursive: true });
  const work = await Deno.makeTempDir({ dir: dirname(copy) });
  try {
    await cp(original, `${work}/copy`, { recursive: true });
    await Deno.rename(`${work}/copy`, copy);
  } catch (error) {
    // A file is replaced, and a folder is not: one of this version is there.
    if (!(await Deno.stat(copy)).isDirectory) throw error;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/**
 * The main module of a package of npm's, as its `package.json` names it: the one that imports nothing of a single
 * runtime, if there are several.
 */
function mainOf({ module, main, exports }: PackageJson): string {
  const { default: byDefault, ".": root } = typeof exports === "object" ? exports : {};
  const forAll = root?.import?.browser?.default;
  const named = forAll ?? module ?? main ?? (typeof exports === "string" ? exports : byDefault);
  if (named === undefined) throw new Error("Cannot bundle a package: it names no main module");
  return named;
}

/** What a package says of its main module. */
interface PackageJson {
  readonly module?: string;
  readonly main?: string;
  readonly exports?: string | {
    readonly default?: string;
    readonly "."?: { readonly import?: { readonly browser?: { readonly default?: string } } };
  };
}
