/** The package in a folder of its own. @module */

import { pack } from "./npm_package.ts";

/** The environment variable with the path of a tarball that others have made, for tests of what is in it. */
const GIVEN = "MOECACHE_TARBALL";

let shared: Promise<Tarball> | undefined;

/** A packed package, removed in the end. */
export class Tarball implements AsyncDisposable {
  /** Its absolute path. */
  readonly path: string;
  readonly #folder: string | undefined;

  /** Takes over a tarball and its folder; {@linkcode Tarball.make} makes one. */
  constructor(path: string, folder?: string) {
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

  /** Takes the tarball that the environment names, or makes one. */
  static take(): Promise<Tarball> {
    const path = Deno.env.get(GIVEN);
    return path === undefined ? Tarball.make() : Promise.resolve(new Tarball(path));
  }

  /**
   * Packs the repository once for everything in this process, which removes the tarball when it ends.
   *
   * @param env Environment variables for Deno.
   */
  static share(env: Record<string, string>): Promise<Tarball> {
    return shared ??= Tarball.make(env).then((tarball) => {
      addEventListener("unload", () => tarball.#removeNow());
      return tarball;
    });
  }

  /** The environment variables with which {@linkcode Tarball.take} takes this one. */
  get env(): Record<string, string> {
    return { [GIVEN]: this.path };
  }

  /** Removes the folder, unless others have made the tarball. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#folder !== undefined) await Deno.remove(this.#folder, { recursive: true });
  }

  #removeNow(): void {
    if (this.#folder !== undefined) Deno.removeSync(this.#folder, { recursive: true });
  }
}
