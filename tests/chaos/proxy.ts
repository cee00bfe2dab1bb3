/** A proxy between a client and memcached that does what can go wrong. @module */

import { type Fault, planAccept } from "./faults.ts";
import type { Journal, Request } from "./journal.ts";
import { ProxiedConnection } from "./proxied_connection.ts";
import { Random } from "./random.ts";
import { closeSocket, sleep } from "./sockets.ts";

/** Milliseconds that clients have to close their sockets in when the proxy ends. */
const PATIENCE = 2000;

/** What a proxy is made with. */
export interface ProxyOptions {
  /** Decides what happens; the nth connection is always treated alike. */
  readonly seed: number;
  /** Where memcached listens on 127.0.0.1. */
  readonly upstream: number;
  /** The client's timeout in milliseconds. */
  readonly timeout: number;
}

/** Listens on a port of its own, and passes connections on to memcached with faults. */
export class ChaosProxy {
  /** Where it listens on 127.0.0.1. */
  readonly port: number;
  readonly #options: ProxyOptions;
  readonly #random: Random;
  readonly #ending = new AbortController();
  readonly #connections = new Set<ProxiedConnection>();
  readonly #faults: Partial<Record<Fault, number>> = {};
  readonly #shifted: Request[] = [];
  readonly #accepting: Promise<void>;
  #listener: Deno.TcpListener;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#listener = listen(0);
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept();
  }

  /** Stops every fault, waits for the clients to close their sockets, and accounts for it all. */
  async close(): Promise<Journal> {
    this.#ending.abort();
    closeSocket(this.#listener);
    await this.#accepting;
    const patience = new AbortController();
    const open = Array.from(this.#connections);
    const gone = Promise.all(open.map(({ clientGone }) => clientGone));
    await Promise.race([gone, sleep(PATIENCE, patience.signal)]);
    patience.abort();
    await this.#closeAll();
    return { faults: this.#faults, shifted: this.#shifted };
  }

  /** Closes what is still open. */
  async #closeAll(): Promise<void> {
    for (const connection of this.#connections) {
      connection.close();
      await connection.closed;
    }
  }

  async #accept(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const client = await this.#listener.accept().catch(() => undefined);
      if (client === undefined) continue;
      const fate = planAccept(this.#random);
      const random = this.#random.fork();
      if (fate === "none") await this.#connect(client, random);
      else await this.#turnAway(client, fate, random);
    }
  }

  async #connect(client: Deno.TcpConn, random: Random): Promise<void> {
    const { upstream: port, timeout } = this.#options;
    const server = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
    // memcached is down just now.
    if (server === undefined) return closeSocket(client);
    const connection = new ProxiedConnection({
      client,
      server,
      random,
      timeout,
      signal: this.#ending.signal,
      count: (fault) => this.#count(fault),
      shifted: (request) => this.#shifted.push(request),
    });
    this.#connections.add(connection);
    connection.closed.then(() => this.#connections.delete(connection));
  }

  async #turnAway(
    client: Deno.TcpConn,
    fate: "refuse" | "close right after accept",
    random: Random,
  ): Promise<void> {
    this.#count(fate);
    closeSocket(client);
    if (fate !== "refuse") return;
    closeSocket(this.#listener);
    await sleep(random.between(10, 100), this.#ending.signal);
    if (!this.#ending.signal.aborted) this.#listener = listen(this.port);
  }

  #count(fault: Fault): void {
    this.#faults[fault] = (this.#faults[fault] ?? 0) + 1;
  }
}

function listen(port: number): Deno.TcpListener {
  return Deno.listen({ hostname: "127.0.0.1", port });
}
