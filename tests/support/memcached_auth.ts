/** Real memcached servers that demand authentication. @module */

import type { Credentials } from "../../mod.ts";
import { MemcachedProcess } from "./memcached.ts";

/** A memcached that demands authentication, and the file that it has the password from. */
export class AuthMemcached implements AsyncDisposable {
  readonly #process: MemcachedProcess;
  readonly #file: string;

  constructor(process: MemcachedProcess, file: string) {
    this.#process = process;
    this.#file = file;
  }

  /** Starts memcached on this port, or on a free one. */
  static async start({ username, password }: Credentials, port?: number): Promise<AuthMemcached> {
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, `somebody:else\n${username}:${password}\n`);
    const options = port === undefined ? {} : { port };
    return new AuthMemcached(await MemcachedProcess.start(["-Y", file], options), file);
  }

  /** Its port on 127.0.0.1. */
  get port(): number {
    return this.#process.port;
  }

  /** Ends it at once; harmless when it has ended already. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await Deno.remove(this.#file).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}
