/**
 * What a program weighs that uses a part of the module: bundles of the sources, as a user makes them who takes
 * the module from JSR, minified and after `gzip -9`. What is loaded later, if ever, does not count.
 */

import { assert } from "@std/assert";
import { readEntries } from "../package/module_graph.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import {
  AIMS,
  type Bundler,
  BUNDLERS,
  type Chunk,
  heaviest,
  LIMITS,
  loadedBy,
  loadedFirst,
  pathOf,
  sizeOf,
} from "./bundles.ts";

const MODULE = JSON.stringify(pathOf("mod.ts"));
/** A program that makes a first use of what most need least of. */
const FIRST_GET = `
import { BareClient, jsonTranscoder } from "bundle";
const client = new BareClient(Deno.args[0], { transcoder: jsonTranscoder(), timeout: 1000 });
if (await client.get("key") !== undefined) throw new Error("It is there");
`;
const BARE = "{ BareClient, jsonTranscoder }";

/**
 * What may be loaded of {@linkcode BARE} when the first get is answered, in bytes after gzip. The aim is
 * 24,000.
 */
const MOST_AT_FIRST_GET: Readonly<Record<string, number>> = { esbuild: 31_640, Rollup: 30_180 };

/** How many files may be loaded first: each is compressed apart. `src/loaded_already.ts` keeps them few. */
const MOST_FILES = 3;

const entries = Object.entries(await readEntries());
const programs: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.keys(AIMS).map((names) => [names, `export ${names} from ${MODULE};`]),
  ),
  ...Object.fromEntries(
    entries.map(([name, module]) => [`all of "${name}"`, all(JSON.stringify(pathOf(module)))]),
  ),
};

/** A program that takes all that a module exports, what has no name included. */
function all(module: string): string {
  return `export * from ${module}; import * as all from ${module}; export default all.default;`;
}

/** The bundle of each program, by its name. */
async function bundleAll(bundle: Bundler): Promise<Map<string, Chunk[]>> {
  const bundles = await bundle(Object.values(programs));
  return new Map(Object.keys(programs).map((name, i) => [name, bundles[i]!]));
}

for (const [bundler, bundle] of Object.entries(BUNDLERS)) {
  const bundles = await bundleAll(bundle);
  const sizes = new Map([...bundles].map(([name, chunks]) => [name, sizeOf(loadedFirst(chunks))]));
  const table = [...sizes].map(([name, { bytes, gzipped }]) =>
    [
      ...[bundler.padEnd(8), name.padEnd(32), `${bytes}`.padStart(8), `${gzipped}`.padStart(8)],
      `${loadedFirst(bundles.get(name)!).length} of ${bundles.get(name)!.length} files`,
      gzipped > (AIMS[name] ?? Infinity) ? `MISSED: ${AIMS[name]}` : "",
    ].join(" ")
  );
  // deno-lint-ignore no-console -- the figures are of use when nothing is wrong as well
  console.log(table.join("\n"));

  for (const name of Object.keys(AIMS)) {
    Deno.test(`${bundler} puts what is loaded first of export ${name} into at most ${MOST_FILES} files`, () => {
      assert(loadedFirst(bundles.get(name)!).length <= MOST_FILES);
    });
  }

  for (const [name, limit] of Object.entries(LIMITS[bundler]!)) {
    Deno.test(`${bundler} makes at most ${limit} bytes, gzipped, of export ${name}`, () => {
      const { gzipped } = sizes.get(name)!;
      assert(gzipped <= limit, `${gzipped} bytes, ${heaviest(loadedFirst(bundles.get(name)!))}`);
    });
  }

  const most = MOST_AT_FIRST_GET[bundler] ?? 0;
  Deno.test(`${bundler}: at most ${most} bytes are loaded when ${BARE} has got an item`, async () => {
    await using server = await MemcachedServer.listen();
    const loaded = await loadedBy(bundles.get(BARE)!, FIRST_GET, server.address);
    const { bytes, gzipped } = sizeOf(loaded);
    // deno-lint-ignore no-console -- the same
    console.log(`${bundler}: ${bytes} bytes, ${gzipped} gzipped, in ${loaded.length} files`);
    assert(gzipped <= most, `${gzipped} bytes, ${heaviest(loaded)}`);
  });
}
