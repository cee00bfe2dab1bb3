/** The folders of this repository that packages are installed in. @module */

const ROOT = new URL("../../", import.meta.url);

/** Every folder with a `package.json` that names packages, in the order of their names. Others are for bundlers. */
export async function lockedFolders(): Promise<URL[]> {
  const folders = [];
  for await (const file of filesOf(ROOT)) {
    if (!file.pathname.endsWith("/package.json")) continue;
    const manifest = JSON.parse(await Deno.readTextFile(file));
    const named = { ...manifest.dependencies, ...manifest.optionalDependencies };
    if (Object.keys(named).length > 0) folders.push(new URL(".", file));
  }
  return folders.toSorted((a, b) => a.href < b.href ? -1 : 1);
}

/**
 * Every file of the repository but those that were installed or that belong to git.
 *
 * @param folder Where to begin; its URL ends with a slash.
 */
export async function* filesOf(folder: URL = ROOT): AsyncGenerator<URL> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    if (isFile) yield new URL(name, folder);
    const isForeign = name === "node_modules" || name === ".git";
    if (isDirectory && !isForeign) yield* filesOf(new URL(`${name}/`, folder));
  }
}
