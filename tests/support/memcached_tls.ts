/** Real memcached servers that speak TLS. @module */

import type { KeyedCertificate } from "./certificates.ts";
import { memcachedPath, MemcachedProcess } from "./memcached.ts";

/** Whether there is no memcached that speaks TLS: tests that need one are ignored then. */
export function lacksTls(): boolean {
  const program = memcachedPath();
  if (program === undefined) return true;
  const { stdout } = new Deno.Command(program, { args: ["-h"], stderr: "null" }).outputSync();
  return !new TextDecoder().decode(stdout).includes("--enable-ssl");
}

/** A memcached that speaks TLS, and the files that it was started with. */
export class TlsMemcached implements AsyncDisposable {
  readonly #process: MemcachedProcess;
  readonly #folder: string;

  constructor(process: MemcachedProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
  }

  /**
   * Starts memcached.
   *
   * @param shown What it shows its clients.
   * @param clientAuthority Whose certificates it demands of its clients, if any.
   * @param args Further arguments.
   */
  static async start(
    shown: KeyedCertificate,
    clientAuthority?: string,
    args: readonly string[] = [],
  ): Promise<TlsMemcached> {
    const folder = await Deno.makeTempDir();
    const options = [`ssl_chain_cert=${folder}/cert`, `ssl_key=${folder}/key`];
    await Deno.writeTextFile(`${folder}/cert`, shown.cert);
    await Deno.writeTextFile(`${folder}/key`, shown.key);
    if (clientAuthority !== undefined) {
      await Deno.writeTextFile(`${folder}/ca`, clientAuthority);
      options.push(`ssl_ca_cert=${folder}/ca`, "ssl_verify_mode=2");
    }
    const process = await MemcachedProcess.start(["-Z", "-o", options.join(), ...args]);
    return new TlsMemcached(process, folder);
  }

  /** Its port on 127.0.0.1. */
  get port(): number {
    return this.#process.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
