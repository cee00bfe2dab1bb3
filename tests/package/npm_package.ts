/**
 * The npm package: JavaScript with source maps, types, and what is to be read. It needs no other package.
 *
 * @module
 */

import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildModules, type BuiltFile } from "./build_modules.ts";
import { writeDeclarations } from "./declarations.ts";
import { exec } from "./exec.ts";
import { type Configuration, fileOf, manifestOf, peersOf, REQUIRED } from "./manifest.ts";

const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
/** What scripts require in a form of its own. */
const REQUIRED_FORMS = new URL("required/", import.meta.url);
/** The first line of a program. */
const HASHBANG = /^(?:#!.*\n)?/;

/**
 * Packs the repository for npm.
 *
 * @param folder The absolute path of the folder for the tarball.
 * @param env Environment variables for Deno.
 * @returns The absolute path of the tarball.
 * @throws {Error} When a tool fails; the message has what it printed.
 */
export async function pack(folder: string, env: Record<string, string> = {}): Promise<string> {
  const configuration: Configuration = JSON.parse(
    await Deno.readTextFile(join(ROOT, "deno.json")),
  );
  const root = await Deno.makeTempDir({ prefix: "moecache-pack-" });
  try {
    const files = await build(configuration, root, env);
    const manifest = manifestOf(configuration, files);
    await makePrograms(Object.values(manifest.bin ?? {}), root);
    await Deno.writeTextFile(join(root, "package.json"), JSON.stringify(manifest, null, 2));
    for (const path of configuration.publish.include) {
      if (!isCode(path)) await cp(join(ROOT, path), join(root, path), { recursive: true });
    }
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
    const [{ filename }] = JSON.parse(await exec("npm", args, { cwd: root }));
    return join(folder, filename);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function build(
  configuration: Configuration,
  root: string,
  env: Record<string, string>,
): Promise<BuiltFile[]> {
  const modules = Object.entries(configuration.exports)
    .map(([entry, module]) => [module.replace(/^\.\//, ""), fileOf(entry)] as const);
  await writeDeclarations(modules.map(([module]) => module), join(root, "types"));
  await copyRequiredForms(configuration, root);
  return await buildModules({
    entries: Object.fromEntries(modules),
    folder: join(root, "dist"),
    root,
    peers: Object.keys(peersOf(configuration)),
    env,
  });
}

async function copyRequiredForms({ exports }: Configuration, root: string): Promise<void> {
  await Deno.mkdir(join(root, "dist"), { recursive: true });
  for (const [entry, { types, code }] of Object.entries(REQUIRED)) {
    const module = exports[entry];
    if (module === undefined) continue;
    const copy = async (source: string, folder: string, file = source) => {
      await Deno.copyFile(new URL(source, REQUIRED_FORMS), join(root, folder, file));
    };
    // What it refers to is not there, but in the package.
    await copy(`${types}.txt`, join("types", dirname(module)), types);
    if (code !== undefined) await copy(code, dirname(join("dist", fileOf(entry))));
  }
}

/** Makes files be run by Node, whatever the sources are run by. */
async function makePrograms(paths: readonly string[], root: string): Promise<void> {
  for (const path of paths) {
    const file = join(root, path);
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, text.replace(HASHBANG, "#!/usr/bin/env node\n"));
    if (text.startsWith("#!")) continue;
    const map = JSON.parse(await Deno.readTextFile(`${file}.map`));
    // An empty group is a line that comes from nowhere.
    await Deno.writeTextFile(
      `${file}.map`,
      JSON.stringify({ ...map, mappings: `;${map.mappings}` }),
    );
  }
}

/** Whether something that is published on JSR has another form in the package. */
function isCode(path: string): boolean {
  return path === "src/" || /\.(ts|json)$/.test(path);
}
