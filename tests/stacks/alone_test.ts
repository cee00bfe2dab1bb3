import { assertEquals } from "@std/assert";
import { type ModuleGraph, readModuleGraph } from "../package/module_graph.ts";

const ROOT: string = new URL("../../", import.meta.url).href;

/** The transcoders and rings that the entry of each stack loads, but for the ring that every client has. */
const STACKS: Readonly<Record<string, readonly string[]>> = {
  "django": ["formats/pymemcache", "routing/rendezvous"],
  "django-pylibmc": [
    "formats/pylibmc",
    ...["routing/ketama", "routing/libmemcached_ring", "routing/modula"],
  ],
  "django-python-memcached": ["formats/python_memcached", "routing/python_memcached_modulo"],
  "enyim": ["transcoding/enyim_transcoder", "routing/enyim_ketama"],
  "enyim-core": [
    // Values that are no objects are those of EnyimMemcached.
    ...["formats/enyim_core", "transcoding/enyim_transcoder"],
    "routing/enyim_core_ring",
  ],
  "php": [
    "php/php_memcached_transcoder",
    ...["routing/ketama", "routing/libmemcached_ring", "routing/modula"],
  ],
  "rails": ["dalli/dalli_transcoder", "dalli/rails_transcoder", "routing/dalli_ring"],
  "spring": [
    "java/spymemcached_transcoder",
    ...["routing/spymemcached_ketama", "routing/spymemcached_modulo"],
  ],
};

/** The folders of transcoders and rings. What is a step deeper, or shared by several, is named otherwise. */
const PARTS = [...new Set(Object.values(STACKS).flat())];

/** What a module loads, at once or later. */
function loadedBy(entry: string, graph: ModuleGraph): string[] {
  const urls = new Set([entry]);
  // A set takes in what is added while it is gone through.
  for (const url of urls) {
    for (const { target, kind } of graph.get(url)?.imports ?? []) {
      if (kind !== "type") urls.add(target);
    }
  }
  return [...urls];
}

const { exports }: { exports: Record<string, string> } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", ROOT)),
);

Deno.test("the entry of each stack loads its own rings and formats, those of no other, and no package", async () => {
  const entries = Object.entries(exports).filter(([entry]) => entry.startsWith("./stacks/"));
  assertEquals(entries.map(([entry]) => entry.slice("./stacks/".length)), Object.keys(STACKS));
  await Promise.all(entries.map(async ([entry, module]) => {
    const urls = loadedBy(new URL(module, ROOT).href, await readModuleGraph([module]));
    const parts = PARTS.filter((part) => urls.some((url) => url.endsWith(`/${part}.ts`)));
    assertEquals(parts.toSorted(), STACKS[entry.slice("./stacks/".length)]?.toSorted(), entry);
    const packages = urls.filter((url) =>
      !url.startsWith(`${ROOT}src/`) && !url.includes("@std/bytes")
    );
    assertEquals(packages, [], entry);
  }));
});
