/** How the modules of this repository hang together. @module */

import type { ModuleGraph } from "./module_graph.ts";

const ROOT: string = new URL("../../", import.meta.url).href;
/** Where the modules are, relative to the repository; what stands in for JSR's is elsewhere. */
const OWN = /^(?:[^/]+\.ts$|src\/)/;

/** The shape of a graph of modules. Imports of types and dynamic ones count, foreign modules do not. */
export interface GraphShape {
  /** How many modules there are. */
  readonly modules: number;
  /** How many of them are loaded at once: what nothing but types or dynamic imports lead to is not. */
  readonly loaded: number;
  /** How many imports there are from one to another. */
  readonly edges: number;
  /** How many modules the longest way down leads through; a circle is one step. */
  readonly levels: number;
  /** The modules that import each other, each circle with all it is entangled with. */
  readonly circles: readonly (readonly string[])[];
}

/**
 * Finds the shape of a graph.
 *
 * @param graph The modules.
 * @param entries The modules to begin with, relative to the repository.
 */
export function shapeOf(graph: ModuleGraph, entries: readonly string[]): GraphShape {
  const edges = new Map<string, ReadonlySet<string>>();
  const loading = new Map<string, ReadonlySet<string>>();
  for (const { url, imports } of graph.values()) {
    if (!isOwn(url)) continue;
    const own = imports.filter(({ target }) => isOwn(target) && target !== url);
    const loaded = own.filter(({ kind }) => kind === "static");
    edges.set(url, new Set(own.map(({ target }) => target)));
    loading.set(url, new Set(loaded.map(({ target }) => target)));
  }
  const starts = entries.map((entry) => new URL(entry, ROOT).href);
  const parts = entanglements(edges);
  return {
    modules: edges.size,
    loaded: reached(loading, starts).size,
    edges: edges.values().reduce((sum, targets) => sum + targets.size, 0),
    levels: depth(edges, parts),
    circles: parts.filter((part) => part.length > 1)
      .map((part) => part.map((url) => url.slice(ROOT.length)).toSorted()),
  };
}

function isOwn(url: string): boolean {
  return url.startsWith(ROOT) && OWN.test(url.slice(ROOT.length));
}

function reached(
  edges: ReadonlyMap<string, ReadonlySet<string>>,
  starts: readonly string[],
): Set<string> {
  const found = new Set(starts);
  // A set takes in what is added while it is gone through.
  for (const url of found) for (const target of edges.get(url) ?? []) found.add(target);
  return found;
}

/** Tarjan's strongly connected components: those that import no other come first. */
function entanglements(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const parts: string[][] = [];
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  function visit(url: string): void {
    const own = index.size;
    index.set(url, own);
    let low = own;
    stack.push(url);
    for (const target of edges.get(url) ?? []) {
      if (!index.has(target)) visit(target);
      if (stack.includes(target)) low = Math.min(low, lowest.get(target) ?? index.get(target)!);
    }
    lowest.set(url, low);
    if (low === own) parts.push(stack.splice(stack.indexOf(url)));
  }
  for (const url of edges.keys()) if (!index.has(url)) visit(url);
  return parts;
}

/** The longest way down, of what was sorted from the bottom up. */
function depth(
  edges: ReadonlyMap<string, ReadonlySet<string>>,
  parts: readonly (readonly string[])[],
): number {
  const depths = new Map<string, number>();
  for (const part of parts) {
    const below = part.flatMap((url) => [...edges.get(url) ?? []])
      .map((target) => depths.get(target) ?? 0);
    for (const url of part) depths.set(url, 1 + Math.max(0, ...below));
  }
  return Math.max(0, ...depths.values());
}
