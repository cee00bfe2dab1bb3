/** What npm's memcached tells listeners about a server that fails. @module */

import type { SocketError } from "../../../mod.ts";

/** What listeners to `issue`, `failure`, `remove`, `reconnecting` and `reconnect` get; the counts are always there. */
export interface MemcachedIssue {
  /** The server, `host:port`. */
  server: string;
  /** Its port and its host. */
  tokens: [port: string, host: string];
  /** The messages of the errors since it last answered. */
  messages: string[];
  /** How many more failures in a row mean that it is down. */
  failures?: number | undefined;
  /** How often it has failed. */
  totalFailures?: number | undefined;
  /** Is not counted here. */
  totalReconnectsAttempted?: number | undefined;
  /** Is not counted here. */
  totalReconnectsSuccess?: number | undefined;
  /** Is not counted here. */
  totalReconnectsFailed?: number | undefined;
  /** For how many milliseconds it has been down; 0 when it is not. */
  totalDownTime?: number | undefined;
}

/** How many messages are kept of a server that does not come back. */
const MOST_MESSAGES = 20;

/** The issues of one server. */
export class ServerIssues {
  readonly #server: string;
  readonly #allowed: number;
  #messages: string[] = [];
  #failures = 0;
  #total = 0;
  #downSince: number | undefined;

  constructor(server: string, allowed: number) {
    this.#server = server;
    this.#allowed = allowed;
  }

  /** @param inARow How many failures there have been since the server last answered, this one included. */
  fail(error: SocketError | undefined, inARow: number): void {
    this.#failures = inARow;
    this.#total++;
    const before = inARow === 1 ? [] : this.#messages;
    this.#messages = [...before, `${error?.message}`].slice(-MOST_MESSAGES);
  }

  goDown(): void {
    this.#downSince ??= Date.now();
  }

  /** The server is back: what was counted begins again, after the listeners got this. */
  comeBack(): MemcachedIssue {
    const issue = this.describe();
    this.#messages = [];
    this.#failures = 0;
    this.#downSince = undefined;
    return issue;
  }

  describe(): MemcachedIssue {
    const tokens = this.#server.startsWith("/")
      ? [this.#server]
      : this.#server.split(":").reverse();
    return {
      server: this.#server,
      // As in the types of npm's memcached, which know no unix sockets.
      tokens: tokens as [port: string, host: string],
      messages: this.#messages,
      failures: Math.max(0, this.#allowed - this.#failures),
      totalFailures: this.#total,
      totalDownTime: this.#downSince === undefined ? 0 : Date.now() - this.#downSince,
    };
  }
}
