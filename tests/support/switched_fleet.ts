/** Servers that a test makes fail and work again. @module */

import type { Client, Dial, Transport } from "../../mod.ts";
import { MemcachedServer } from "../../src/testing/mod.ts";
import { until } from "./turns.ts";

/** What a server does: it answers, refuses connections, or takes them and says nothing. */
export type Condition = "up" | "refusing" | "hanging";

/** A server that a {@linkcode SwitchedFleet} dials by its name. */
export class SwitchedServer {
  readonly name: string;
  /** What it holds, and what it is reached through behind the switch. */
  readonly memcached: MemcachedServer;
  /** How often it has been dialled. */
  dialled = 0;
  /** What has been written to it, as text. */
  written = "";
  #condition: Condition = "up";
  #release = Promise.withResolvers<void>();
  readonly #sockets = new Set<Deno.Conn>();
  /** Those of them that have no other end any more. */
  readonly #lost = new WeakSet<Deno.Conn>();

  constructor(name: string, memcached: MemcachedServer) {
    this.name = name;
    this.memcached = memcached;
  }

  /** How many sockets to it are open. */
  get sockets(): number {
    return this.#sockets.size;
  }

  /** Changes what it does; one that refuses loses its connections as well. */
  async become(condition: Condition): Promise<void> {
    this.#condition = condition;
    if (condition === "refusing") await this.cut();
    else this.#wake();
  }

  /** Loses its connections; resolves when the client has seen it. */
  async cut(): Promise<void> {
    for (const socket of this.#sockets) this.#lost.add(socket);
    this.memcached.closeConnections();
    this.#wake();
    await until(() => this.#sockets.size === 0);
  }

  /** Opens a socket to it. */
  async dial(): Promise<Transport> {
    this.dialled++;
    if (this.#condition === "refusing") throw new Error("refused");
    const { hostname, port } = this.memcached;
    const socket = await Deno.connect({ hostname, port });
    this.#sockets.add(socket);
    return {
      readable: socket.readable,
      writable: socket.writable,
      read: (into) => this.#read(socket, into),
      write: (bytes) => {
        this.written += new TextDecoder().decode(bytes);
        return socket.write(bytes);
      },
      close: () => this.#close(socket),
    };
  }

  async #read(socket: Deno.Conn, into: Uint8Array): Promise<number | null> {
    const count = await socket.read(into);
    const isHeld = () => this.#sockets.has(socket) && !this.#lost.has(socket);
    while (this.#condition === "hanging" && isHeld()) await this.#release.promise;
    return this.#lost.has(socket) ? null : count;
  }

  #close(socket: Deno.Conn): void {
    if (!this.#sockets.delete(socket)) return;
    socket.close();
    this.#wake();
  }

  /** Makes whatever hangs look whether it still has to. */
  #wake(): void {
    this.#release.resolve();
    this.#release = Promise.withResolvers();
  }
}

/** Servers by name. */
export class SwitchedFleet implements AsyncDisposable {
  readonly servers: readonly SwitchedServer[];

  constructor(servers: readonly SwitchedServer[]) {
    this.servers = servers;
  }

  /** Starts a server for each name, `host:port`. */
  static async start(names: readonly string[]): Promise<SwitchedFleet> {
    const servers = names.map(async (name) =>
      new SwitchedServer(name, await MemcachedServer.listen())
    );
    return new SwitchedFleet(await Promise.all(servers));
  }

  /** The servers' names. */
  get names(): string[] {
    return this.servers.map(({ name }) => name);
  }

  /** For `ClientOptions.dial`. */
  readonly dial: Dial = ({ hostname, port }) => {
    const server = this.servers.find(({ name }) => name === `${hostname}:${port}`);
    if (server === undefined) throw new Error(`no server ${hostname}:${port}`);
    return server.dial();
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map(({ memcached }) => memcached[Symbol.asyncDispose]()));
  }
}

/** Waits until a client takes none of its servers for dead. */
export async function untilUp(client: Pick<Client, "servers">): Promise<void> {
  await until(() => client.servers.every(({ state }) => state !== "down"));
}
