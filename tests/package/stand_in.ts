/** The npm package of a stand-in for one of JSR's, as JSR's npm registry would serve the real one. @module */

import { pack } from "./npm_package.ts";

const STAND_INS = new URL("../jsr/", import.meta.url);

/**
 * Packs the stand-in for a package of JSR's, so that tests need no other registry than npm's.
 *
 * @param name The package in JSR's scope `@std`.
 * @param folder The absolute path of the folder for the tarball.
 * @returns The absolute path of the tarball.
 */
export async function packStandIn(name: string, folder: string): Promise<string> {
  const { versions } = await readJson(`@std/${name}/meta.json`) as { versions: object };
  const [version] = Object.keys(versions);
  const { exports } = await readJson(`@std/${name}/${version}_meta.json`);
  const source = await Deno.makeTempDir({ prefix: "moecache-stand-in-" });
  try {
    const files = new URL(`@std/${name}/${version}/`, STAND_INS);
    for await (const file of Deno.readDir(files)) {
      await Deno.copyFile(new URL(file.name, files), `${source}/${file.name}`);
    }
    const manifest = { name: `@std/${name}`, version, license: "MIT", exports };
    await Deno.writeTextFile(`${source}/deno.json`, JSON.stringify(manifest));
    return await pack(folder, { source: new URL(`file://${source}/`), name: `@jsr/std__${name}` });
  } finally {
    await Deno.remove(source, { recursive: true });
  }
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await Deno.readTextFile(new URL(path, STAND_INS)));
}
