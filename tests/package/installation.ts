/** The package as a user has it: installed from its tarball, in a folder outside the repository. @module */

import { exec } from "./exec.ts";
import { QUIET } from "./npm_folder.ts";
import type { Tarballs } from "./tarballs.ts";

/** Installs packages in a folder, which has a `package.json`. */
export type Installer = (folder: string, tarballs: readonly string[]) => Promise<void>;

/** Installs with npm, as on most machines. */
export async function npmInstall(folder: string, tarballs: readonly string[]): Promise<void> {
  await exec("npm", ["install", ...QUIET, ...tarballs], { cwd: folder });
}

/** Installs with a Bun that is at a path. */
export function bunInstall(bun: string): Installer {
  return async (folder, tarballs) => {
    await exec(bun, ["add", "--no-progress", ...tarballs], { cwd: folder });
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

  /** Installs the package. */
  static async make({ own, bytes }: Tarballs, install: Installer): Promise<Installation> {
    const installation = new Installation(
      await Deno.makeTempDir({ prefix: "moecache-installed-" }),
    );
    const manifest = {
      private: true,
      type: "module",
      // What JSR's registry would have been asked for.
      overrides: { "@jsr/std__bytes": `file:${bytes}` },
    };
    await installation.write("package.json", JSON.stringify(manifest));
    await install(installation.folder, [own]);
    return installation;
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
