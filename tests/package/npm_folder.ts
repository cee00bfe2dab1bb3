/** Folders with a `package.json` and the lock file that pins all that it brings along. @module */

import { fileURLToPath, pathToFileURL } from "node:url";
import { exec } from "./exec.ts";

/** The options of npm wherever it installs: to run no package's scripts, and to print nothing but faults. */
export const QUIET: readonly string[] = [
  "--ignore-scripts",
  "--no-audit",
  "--no-fund",
  "--loglevel=error",
];

/** A copy of the lock file that `node_modules` was made of. */
const STAMP = "node_modules/.installed.json";
/** What an installation begins with. */
const FILES = ["package.json", "package-lock.json"];

const begun = new Map<string, Promise<URL>>();

/**
 * Installs what a folder's lock file pins, unless it is installed.
 *
 * @param folder The folder; its URL ends with a slash.
 * @returns The folder.
 * @throws {Error} When npm cannot; the message has what it printed.
 */
export function installLocked(folder: URL): Promise<URL> {
  return once(folder.href, async () => {
    const lock = await Deno.readTextFile(new URL("package-lock.json", folder));
    const stamp = new URL(STAMP, folder);
    // Another process may be installing the same.
    using locked = await Deno.open(new URL("package-lock.json", folder));
    await locked.lock(true);
    if (await textOf(stamp) === lock) return folder;
    await npmCi(folder);
    await Deno.writeTextFile(stamp, lock);
    return folder;
  });
}

/**
 * Installs what a folder's lock file pins in the user's cache: what is large is shared by all checkouts.
 *
 * @param folder The folder; its URL ends with a slash.
 * @returns The folder in the cache that has the `node_modules`; its URL ends with a slash.
 * @throws {Error} When npm cannot; the message has what it printed.
 */
export function installLockedInCache(folder: URL): Promise<URL> {
  return once(`cached ${folder.href}`, async () => {
    const lock = await Deno.readFile(new URL("package-lock.json", folder));
    const name = new Uint8Array(await crypto.subtle.digest("SHA-256", lock)).toHex().slice(0, 16);
    const cache = cacheFolder();
    const installed = pathToFileURL(`${cache}/${name}/`);
    if (await exists(installed)) return installed;
    await Deno.mkdir(cache, { recursive: true });
    const work = await Deno.makeTempDir({ dir: cache });
    for (const file of FILES) await Deno.copyFile(new URL(file, folder), `${work}/${file}`);
    await npmCi(pathToFileURL(`${work}/`));
    await moveUnlessThere(work, installed);
    return installed;
  });
}

/** Does what two ask for at the same time, and what is asked for again, once. */
function once(key: string, action: () => Promise<URL>): Promise<URL> {
  const promise = begun.get(key) ?? action();
  begun.set(key, promise);
  return promise;
}

async function npmCi(folder: URL): Promise<void> {
  // Packages may have programs of one name, and all are called by their paths.
  await exec("npm", ["ci", ...QUIET, "--no-bin-links"], { cwd: folder });
}

/** Moves a folder to where another process may have put the same one meanwhile. */
async function moveUnlessThere(work: string, place: URL): Promise<void> {
  try {
    await Deno.rename(work, fileURLToPath(place).replace(/\/$/, ""));
  } catch (error) {
    if (!await exists(place)) throw error;
    await Deno.remove(work, { recursive: true });
  }
}

function cacheFolder(): string {
  const home = Deno.env.get("HOME");
  const caches = Deno.env.get("XDG_CACHE_HOME") ?? (home === undefined ? "/tmp" : `${home}/.cache`);
  return `${caches}/moecache-tests`;
}

async function exists(file: URL): Promise<boolean> {
  return await unlessMissing(Deno.stat(file)) !== undefined;
}

function textOf(file: URL): Promise<string | undefined> {
  return unlessMissing(Deno.readTextFile(file));
}

async function unlessMissing<Result>(reading: Promise<Result>): Promise<Result | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
