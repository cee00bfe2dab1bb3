/** A proxy that stops waiting for its server. @module */

import { answer, createSession } from "../testing/session_world.ts";
import { answering, ScriptedPeer } from "./scripted_peer.ts";

const REFUSAL = "SERVER_ERROR backend failure\r\n";
const STORAGE = /^(set|add|replace|append|prepend|cas|ms) /;

/**
 * A server behind a proxy. While it hangs, the proxy refuses what it has passed on, as memcached's own and twemproxy do
 * after their time limits. The server executes that when it goes on.
 */
export class GivingUpProxy implements AsyncDisposable {
  readonly #session = createSession();
  readonly #peer: ScriptedPeer;
  readonly #held: string[] = [];
  #hangsAt: (line: string) => boolean = () => false;

  constructor() {
    this.#peer = new ScriptedPeer((connection, index) => {
      /** The line of a storage command whose value has not arrived. */
      let storage: string | undefined;
      const script = answering((line) => {
        if (storage === undefined && STORAGE.test(line)) {
          storage = line;
          return undefined;
        }
        const lines = storage === undefined ? [line] : [storage, line];
        storage = undefined;
        return this.#pass(lines);
      });
      return script(connection, index);
    });
  }

  /** Where it listens, `host:port`. */
  get address(): string {
    return this.#peer.address;
  }

  /** The server hangs, at every request or at some. */
  hang(at: (line: string) => boolean = () => true): void {
    this.#hangsAt = at;
  }

  /** The server goes on: it executes everything that was passed on to it. */
  goOn(): void {
    this.#hangsAt = () => false;
    for (const request of this.#held.splice(0)) answer(this.#session, request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer[Symbol.asyncDispose]();
  }

  #pass(lines: readonly string[]): string {
    const request = `${lines.join("\r\n")}\r\n`;
    if (!this.#hangsAt(lines[0]!)) return answer(this.#session, request);
    this.#held.push(request);
    return REFUSAL;
  }
}
