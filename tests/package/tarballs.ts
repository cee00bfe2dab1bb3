/** The tarballs that an installation takes. @module */

import { withStandInsElsewhere } from "../tasks/environment.ts";
import { pack } from "./npm_package.ts";
import { packStandIn } from "./stand_in.ts";

/** Tarballs in a folder of their own, removed in the end. */
export class Tarballs implements AsyncDisposable {
  readonly #folder: string;
  /** The absolute path of the package's own. */
  readonly own: string;
  /** The absolute path of the one of `@jsr/std__bytes`, which the package depends on. */
  readonly bytes: string;

  /** Takes over a folder; {@linkcode Tarballs.make} makes one. */
  constructor(folder: string, own: string, bytes: string) {
    this.#folder = folder;
    this.own = own;
    this.bytes = bytes;
  }

  /** Packs the repository, and the stand-in for what the package depends on. */
  static async make(env: Record<string, string> = {}): Promise<Tarballs> {
    const folder = await Deno.makeTempDir({ prefix: "moecache-tarballs-" });
    const own = await withStandInsElsewhere(env, (env) => pack(folder, { env }));
    return new Tarballs(folder, own, await packStandIn("bytes", folder));
  }

  /** Removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}
