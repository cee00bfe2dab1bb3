/** The package in a folder of its own. @module */

import { pack } from "./npm_package.ts";

/** A packed package, removed in the end. */
export class Tarball implements AsyncDisposable {
  /** Its absolute path. */
  readonly path: string;
  readonly #folder: string;

  /** Takes over a tarball and its folder; {@linkcode Tarball.make} makes one. */
  constructor(path: string, folder: string) {
    this.path = path;
    this.#folder = folder;
  }

  /**
   * Packs the repository.
   *
   * @param env Environment variables for Deno.
   */
  static async make(env: Record<string, string> = {}): Promise<Tarball> {
    const folder = await Deno.makeTempDir({ prefix: "moecache-tarball-" });
    return new Tarball(await pack(folder, env), folder);
  }

  /** Removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}
