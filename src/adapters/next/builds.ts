/** What tells the pages of one build from those of another. @module */

import { ValidationException } from "../../../mod.ts";
import type { NextIncrementalCacheContext } from "./incremental_interface.ts";

/** The ids of builds. */
export class Builds {
  readonly #given: string | undefined;
  readonly #read = new Map<string, string>();

  constructor(buildId: string | undefined) {
    this.#given = buildId;
  }

  /** @throws {ValidationException} When there is none. */
  idFor({ fs, serverDistDir }: NextIncrementalCacheContext): string {
    if (this.#given !== undefined) return this.#given;
    if (fs === undefined || serverDistDir === undefined) throw noBuildId("Next passes no folder");
    const known = this.#read.get(serverDistDir);
    if (known !== undefined) return known;
    const file = `${serverDistDir}/../BUILD_ID`;
    let id: string;
    try {
      id = `${fs.readFileSync(file, "utf8")}`.trim();
    } catch (error) {
      throw noBuildId(`${error}`);
    }
    if (id === "") throw noBuildId(`${file} is empty`);
    this.#read.set(serverDistDir, id);
    return id;
  }
}

function noBuildId(why: string): ValidationException {
  return new ValidationException(
    `Cannot find the build id of the pages: set the option buildId: ${why}`,
  );
}
