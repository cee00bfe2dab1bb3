/** Real memcacheds that are made to fail. @module */

import type { Dial } from "../../mod.ts";
import { MemcachedProcess } from "../support/memcached.ts";

const ARGUMENTS = ["-m", "64", "-t", "1"];

/** Servers that are dialled by name, so that a name can move from one process to another. */
export class Deployment implements AsyncDisposable {
  /** The servers' names. */
  readonly names: readonly string[];
  /** A server that belongs to no list, for a gutter. */
  readonly gutter = "gutter.test:11211";
  /** A server that belongs to no list yet. */
  readonly newcomer = "newcomer.test:11211";
  readonly #processes = new Map<string, MemcachedProcess>();

  constructor(names: readonly string[]) {
    this.names = names;
  }

  /** Starts four servers, a gutter and a newcomer. */
  static async start(): Promise<Deployment> {
    const deployment = new Deployment([1, 2, 3, 4].map((i) => `cache${i}.test:11211`));
    const { names, gutter, newcomer } = deployment;
    for (const name of [...names, gutter, newcomer]) {
      deployment.#processes.set(name, await MemcachedProcess.start(ARGUMENTS));
    }
    return deployment;
  }

  /** For `ClientOptions.dial`. */
  readonly dial: Dial = async ({ hostname, port }, { signal, noDelay }) => {
    const process = this.#processOf(`${hostname}:${port}`);
    const socket = await Deno.connect({ hostname: "127.0.0.1", port: process.port, signal });
    socket.setNoDelay(noDelay);
    return socket;
  };

  /** Kills a server as `kill -9` does; what it holds is lost. */
  async kill(name: string): Promise<void> {
    await this.#processOf(name).kill("SIGKILL");
  }

  /** Starts a server that was killed, empty, where it was. */
  async restart(name: string): Promise<void> {
    const { port } = this.#processOf(name);
    this.#processes.set(name, await MemcachedProcess.start(ARGUMENTS, { port }));
  }

  /** Stops a server: the kernel takes connections and requests for it, and nothing answers. */
  stop(name: string): void {
    Deno.kill(this.#processOf(name).pid, "SIGSTOP");
  }

  /** Lets a server that was stopped go on. */
  resume(name: string): void {
    Deno.kill(this.#processOf(name).pid, "SIGCONT");
  }

  /** Moves a name to a new, empty server elsewhere; the old one is killed. */
  async move(name: string): Promise<void> {
    const old = this.#processOf(name);
    this.#processes.set(name, await MemcachedProcess.start(ARGUMENTS));
    await old.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#processes.values(), (process) => process.kill("SIGKILL")));
  }

  #processOf(name: string): MemcachedProcess {
    const process = this.#processes.get(name);
    if (process === undefined) throw new Error(`Cannot find a server: ${name} is none`);
    return process;
  }
}
