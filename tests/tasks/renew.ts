/**
 * `deno task renew [folder...]`: makes each lock file again from the versions in its `package.json`, so that
 * what those packages bring along is the newest. Without arguments it takes every folder that has a lock file.
 */

import { fileURLToPath, pathToFileURL } from "node:url";
import { exec } from "../package/exec.ts";
import { lockedFolders } from "../package/locked_folders.ts";
import { QUIET } from "../package/npm_folder.ts";
import { readWords } from "./arguments.ts";
import { say } from "./run.ts";

const USAGE = `Usage: deno task renew [folder...] [--help]

Makes each package-lock.json again from the versions in the package.json beside
it, with the newest of what those packages need.

  folder  a folder with a package.json; the default is every folder that has
          packages to install`;

const { operands } = readWords(Deno.args, USAGE, { operands: Infinity });

const here = pathToFileURL(`${Deno.cwd()}/`);
const named = operands.map((folder) => new URL(`${folder.replace(/\/$/, "")}/`, here));
for (const folder of named.length > 0 ? named : await lockedFolders()) {
  say(`${fileURLToPath(folder)}: ${await renew(folder)} packages`);
}

/** Resolves to how many packages are locked now. */
async function renew(folder: URL): Promise<number> {
  // What is installed would be taken as it is, and not be looked up.
  const work = await Deno.makeTempDir({ prefix: "moecache-lock-" });
  try {
    await Deno.copyFile(new URL("package.json", folder), `${work}/package.json`);
    // A lock file that holds the addresses of one registry is of no use with another.
    const locking = ["--package-lock-only", "--omit-lockfile-registry-resolved"];
    await exec("npm", ["install", ...QUIET, ...locking], { cwd: work });
    // npm makes a lock file of what it cannot have as well, and refuses it then.
    await exec("npm", ["ci", ...QUIET, "--dry-run"], { cwd: work });
    const lock = await Deno.readTextFile(`${work}/package-lock.json`);
    await Deno.writeTextFile(new URL("package-lock.json", folder), lock);
    return Object.keys(JSON.parse(lock).packages).length - 1;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}
