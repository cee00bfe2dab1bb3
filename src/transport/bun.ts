/** The dialer for Bun, without TLS. @module */

import "../loaded_already.ts";
import { SocketError } from "../errors.ts";
import { connectNode, dialNode, withReason } from "./node.ts";
import type { NodeSocket, OnRead, SocketOptions } from "./node_socket.ts";
import type { DialOptions, Endpoint, Transport } from "./transport.ts";

/** The part of Bun's sockets that is used here. */
interface BunSocket {
  /** What was passed to `Bun.connect`. */
  readonly data: Socket;
  /** Returns how many bytes the system has accepted, or a negative number if the socket is closed. */
  write(bytes: Uint8Array): number;
  shutdown(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  ref(): void;
  unref(): void;
  setNoDelay(noDelay: boolean): boolean;
  setKeepAlive(keepAlive: boolean): boolean;
}

/** What Bun calls for a socket. */
interface Handlers {
  readonly binaryType: "uint8array";
  open(socket: BunSocket): void;
  data(socket: BunSocket, bytes: Uint8Array): void;
  drain(socket: BunSocket): void;
  end(socket: BunSocket): void;
  error(socket: BunSocket, error: Error): void;
  close(socket: BunSocket, error?: Error): void;
}

type Where = { hostname: string; port: number } | { unix: string };

interface Bun {
  connect(options: Where & { data: Socket; socket: Handlers }): Promise<BunSocket>;
}

declare const Bun: Bun;

/** How many attempts have been given up and are still going on. */
let lingering = 0;

/**
 * Opens a TCP or unix socket, with `Bun.connect` if the server is on this machine: loading `node:net` and connecting
 * with it takes Bun five times as long.
 *
 * An attempt of `Bun.connect` cannot be cancelled. Where nothing answers, its socket stays for two minutes, and so does
 * a process that has nothing else to do. Other machines may not answer; on this one the system answers, unless a
 * server's queue is full. If one has to be given up here all the same, `node:net` is used until it has ended.
 */
export async function dialBun(endpoint: Endpoint, options: DialOptions): Promise<Transport> {
  if (lingering > 0 || !isOnThisMachine(endpoint)) return await dialNode(endpoint, options);
  const transport = await connectNode(endpoint, options, (socket) => new Socket(socket));
  transport.configure(options);
  return transport;
}

function isOnThisMachine({ hostname }: Endpoint): boolean {
  return hostname === undefined || /^(localhost|127\.[\d.]+|::1)$/i.test(hostname);
}

/** A socket of Bun with the methods of Node's. */
class Socket implements NodeSocket {
  /** The same for all sockets: Bun 1.2 never frees the handlers of one that could not connect. */
  static readonly #handlers: Handlers = {
    binaryType: "uint8array",
    open: (socket) => socket.data.#open(socket),
    data: (socket, bytes) => void socket.data.#onread.callback(bytes.length, bytes),
    drain: (socket) => socket.data.#continueWriting(),
    end: (socket) => socket.data.#emit("end"),
    error(socket, error) {
      socket.data.#close(error);
      socket.terminate();
    },
    close: (socket, error) => socket.data.#close(error),
  };
  readonly #onread: OnRead;
  readonly #listeners: Record<string, (error: Error) => void> = {};
  /** Absent until it is open. */
  #socket: BunSocket | undefined;
  #isClosed = false;
  /** What the system has not accepted yet of a write, and what to call then. */
  #unwritten: { bytes: Uint8Array; written: (error?: Error) => void } | undefined;

  constructor({ host, port, path, onread }: SocketOptions) {
    this.#onread = onread;
    const where = path === undefined ? { hostname: host!, port: port! } : { unix: path };
    Bun.connect({ ...where, data: this, socket: Socket.#handlers }).catch(this.#failToConnect);
  }

  on(event: string, listener: (error: Error) => void): this {
    this.#listeners[event] = listener;
    return this;
  }

  write(bytes: Uint8Array, written: (error?: Error) => void): boolean {
    this.#unwritten = { bytes, written };
    this.#continueWriting();
    return true;
  }

  end(ended: () => void): this {
    this.#socket?.shutdown();
    ended();
    return this;
  }

  pause(): this {
    this.#socket?.pause();
    return this;
  }

  resume(): this {
    this.#socket?.resume();
    return this;
  }

  destroy(): this {
    if (this.#isClosed) return this;
    if (this.#socket === undefined) lingering++;
    // This comes first: Bun 1.2 calls the handler `close` with an error when a socket is terminated.
    this.#close();
    this.#socket?.terminate();
    return this;
  }

  resetAndDestroy(): this {
    return this.destroy();
  }

  ref(): this {
    this.#socket?.ref();
    return this;
  }

  unref(): this {
    this.#socket?.unref();
    return this;
  }

  setNoDelay(noDelay: boolean): this {
    this.#socket?.setNoDelay(noDelay);
    return this;
  }

  setKeepAlive(keepAlive: boolean): this {
    this.#socket?.setKeepAlive(keepAlive);
    return this;
  }

  #open(socket: BunSocket): void {
    this.#socket = socket;
    if (!this.#isClosed) return this.#emit("connect");
    lingering--;
    socket.terminate();
  }

  readonly #failToConnect = (error: Error): void => {
    if (this.#isClosed) lingering--;
    else this.#close(withReason(error));
  };

  #continueWriting(): void {
    if (this.#unwritten === undefined) return;
    const { bytes, written } = this.#unwritten;
    this.#unwritten = undefined;
    if (this.#isClosed) return written(new SocketError("the socket is closed"));
    const count = this.#socket?.write(bytes) ?? 0;
    // A negative count is that of a closed socket, which `close` follows. Before it is open, nothing is accepted.
    if (count === bytes.length) written();
    else if (count >= 0) this.#unwritten = { bytes: bytes.subarray(count), written };
  }

  /** Reports the end of the socket once. */
  #close(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (error !== undefined) this.#emit("error", error);
    this.#emit("close");
  }

  #emit(event: string, error?: Error): void {
    this.#listeners[event]?.(error!);
  }
}
