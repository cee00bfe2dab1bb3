/** The package as a user has it: installed from its tarball, in a folder that was empty. @module */

import { cp } from "node:fs/promises";
import { exec } from "./exec.ts";
import { QUIET } from "./npm_folder.ts";
import { installTools } from "./tool.ts";

/** A registry that does not answer: the package comes with all that it needs. */
export const NOWHERE = "http://127.0.0.1:9/";
/** npm asks about packages that an adapter adapts, and takes no answer for one. */
export const NPM_ENV: Record<string, string> = {
  "npm_config_registry": NOWHERE,
  "npm_config_fetch_retries": "0",
};

/** What an entry imports that a user of it has anyway. */
const IMPORTED: readonly string[] = ["@opentelemetry/api"];

/** Installs a tarball in a folder. */
export type Installer = (folder: string, tarball: string) => Promise<void>;

/** Installs with npm, as on most machines. */
export async function npmInstall(folder: string, tarball: string): Promise<void> {
  await exec("npm", ["install", ...QUIET, tarball], { cwd: folder, env: NPM_ENV });
}

/** Installs with a Bun that is at a path. */
export function bunInstall(bun: string): Installer {
  return async (folder, tarball) => {
    const env = { BUN_CONFIG_REGISTRY: NOWHERE };
    await exec(bun, ["add", "--no-progress", tarball], { cwd: folder, env });
  };
}

/** A folder with the package in its `node_modules`, removed in the end. */
export class Installation implements AsyncDisposable {
  /** Its absolute path. */
  readonly folder: string;

  /** Takes over a folder; {@linkcode Installation.make} makes one. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Installs the package.
   *
   * @param tarball The absolute path of the tarball.
   * @param install Installs it.
   */
  static async make(tarball: string, install: Installer): Promise<Installation> {
    const folder = await Deno.makeTempDir({ prefix: "moecache-installed-" });
    await install(folder, tarball);
    for (const peer of IMPORTED) {
      await cp(`${await installTools()}/node_modules/${peer}`, `${folder}/node_modules/${peer}`, {
        recursive: true,
      });
    }
    return new Installation(folder);
  }

  /** Writes a file. */
  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.folder}/${name}`, text);
  }

  /** Removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
