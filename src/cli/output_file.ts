/** A file that a command writes. @module */

import { rmSync } from "node:fs";
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import process from "node:process";

/**
 * A file that has its old content until everything has been written: it is written beside, and then renamed. What is no
 * regular file, such as a pipe, is written as it is.
 */
export class OutputFile {
  readonly #file: FileHandle;
  /** What is written now; absent if that is the file itself. */
  readonly #beside: string | undefined;
  readonly #target: string;
  /** Whether the file had something in it before. */
  readonly #hasOlder: boolean;

  /** @param beside What is written instead of the file, which it replaces in the end. */
  constructor(file: FileHandle, target: string, beside: string | undefined, hasOlder: boolean) {
    this.#file = file;
    this.#target = target;
    this.#beside = beside;
    this.#hasOlder = hasOlder;
    process.on("exit", this.#remove);
  }

  /** A second Ctrl-C ends the process at once. */
  readonly #remove = (): void => {
    if (this.#beside !== undefined) rmSync(this.#beside, { force: true });
  };

  /**
   * Opens a file.
   *
   * @throws {Error} The runtime's error when it cannot be written.
   */
  static async open(path: string): Promise<OutputFile> {
    // What a link refers to is replaced, and the link is kept.
    const target = await realpath(path).catch(() => path);
    const known = await stat(target).catch(() => undefined);
    if (known?.isFile() === false) {
      return new OutputFile(await open(target, "w"), target, undefined, false);
    }
    // What must not be written must not be replaced.
    if (known !== undefined) await (await open(target, "r+")).close();
    const beside = `${target}.${process.pid}.part`;
    return new OutputFile(await open(beside, "w", known?.mode), target, beside, !!known?.size);
  }

  /** Writes more. */
  async write(data: string | Uint8Array): Promise<void> {
    await this.#file.appendFile(data);
  }

  /**
   * Closes the file.
   *
   * @param extent How much was written: `all` replaces what was there before, `nothing` is removed, and `part` replaces
   * nothing, but stands beside it.
   * @returns The name of the file that has what was written.
   */
  async close(extent: "nothing" | "part" | "all"): Promise<string> {
    const target = extent === "part" && this.#hasOlder ? `${this.#target}.part` : this.#target;
    try {
      await this.#file.close();
      if (extent !== "nothing" && this.#beside !== undefined) await rename(this.#beside, target);
      return target;
    } finally {
      // It is there if it was to be removed, or could not be renamed.
      if (this.#beside !== undefined) await rm(this.#beside, { force: true });
      process.removeListener("exit", this.#remove);
    }
  }
}
