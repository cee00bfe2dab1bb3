/**
 * Listens on a TCP port, on every runtime.
 *
 * @module
 */

import { builtinModule } from "../transport/runtime_features.ts";
import { deferred } from "../waiting/promises.ts";
import type { ServerConnection, ServerListener, SocketAddress } from "./server_connection.ts";

/** Starts to listen on a TCP port; 0 means any free port. */
export async function listen(hostname: string, port: number): Promise<ServerListener> {
  if (typeof globalThis.Deno?.listen === "function") return Deno.listen({ hostname, port });
  return await listenNode(hostname, port);
}

/** The part of `node:net` that is used here. */
interface Net {
  createServer(options: { readonly noDelay: boolean; readonly allowHalfOpen: boolean }): Server;
}

interface Server {
  on(event: "connection", listener: (socket: Socket) => void): this;
  on(event: "listening" | "close", listener: () => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  listen(options: { port: number; host: string; exclusive: boolean }): void;
  address(): { readonly address: string; readonly port: number };
  close(): void;
}

interface Socket {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  on(event: "readable" | "end" | "close", listener: () => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  read(): Uint8Array | null;
  unshift(bytes: Uint8Array): void;
  write(bytes: Uint8Array, written: (error?: Error | null) => void): boolean;
  destroy(): void;
}

/**
 * Starts to listen with `node:net`.
 *
 * @throws {Error} With the `code` `EADDRINUSE` if the port is in use.
 */
async function listenNode(hostname: string, port: number): Promise<ServerListener> {
  const { createServer } = await builtinModule<Net>("node:net");
  // A client that has closed its writing half still gets the replies to its requests.
  const server = createServer({ noDelay: true, allowHalfOpen: true });
  const listener = new NodeListener(server);
  const listening = deferred<void>();
  // Otherwise the processes of a Node cluster that ask for port 0 share one port, and each other's connections.
  const options = { port, host: hostname, exclusive: true };
  server.on("error", listening.reject).on("listening", listening.resolve).listen(options);
  await listening.promise;
  return listener;
}

class NodeListener implements ServerListener {
  readonly #server: Server;
  readonly #accepted: ServerConnection[] = [];
  #news = deferred<void>();
  #hasClosed = false;
  #addr: SocketAddress | undefined;

  constructor(server: Server) {
    this.#server = server.on("connection", (socket) => {
      this.#accepted.push(new NodeConnection(socket));
      this.#news.resolve();
    });
  }

  get addr(): SocketAddress {
    if (this.#addr === undefined) {
      const { address, port } = this.#server.address();
      this.#addr = { hostname: address, port };
    }
    return this.#addr;
  }

  close(): void {
    this.#hasClosed = true;
    this.#server.close();
    this.#news.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<ServerConnection> {
    while (true) {
      for (let next; (next = this.#accepted.shift()) !== undefined;) yield next;
      if (this.#hasClosed) return;
      await this.#news.promise;
      this.#news = deferred();
    }
  }
}

class NodeConnection implements ServerConnection {
  readonly remoteAddr: SocketAddress;
  readonly #socket: Socket;
  #news = deferred<void>();
  #hasEnded = false;
  #failure: Error | undefined;
  #failWrite: ((reason: Error) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket
      .on("readable", () => this.#news.resolve())
      .on("end", () => this.#end())
      .on("error", (error) => this.#end(error))
      .on("close", () => this.#close());
    this.remoteAddr = { hostname: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (true) {
      const bytes = this.#socket.read();
      if (bytes !== null) return this.#give(bytes, buffer);
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#hasEnded) return null;
      await this.#news.promise;
      this.#news = deferred();
    }
  }

  write(bytes: Uint8Array): Promise<number> {
    const written = deferred<number>();
    this.#failWrite = written.reject;
    this.#socket.write(bytes, (error) => {
      if (error) written.reject(error);
      else written.resolve(bytes.byteLength);
    });
    return written.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #give(bytes: Uint8Array, buffer: Uint8Array): number {
    const given = bytes.subarray(0, buffer.byteLength);
    if (given.byteLength < bytes.byteLength) this.#socket.unshift(bytes.subarray(given.byteLength));
    buffer.set(given);
    return given.byteLength;
  }

  /** Bun 1.2 never calls back for a write that was under way, so it is rejected here. */
  #close(): void {
    this.#end();
    const code = "ERR_SOCKET_CLOSED";
    this.#failWrite?.(Object.assign(new Error("the socket is closed"), { code }));
  }

  #end(failure?: Error): void {
    this.#hasEnded = true;
    this.#failure ??= failure;
    this.#news.resolve();
  }
}
