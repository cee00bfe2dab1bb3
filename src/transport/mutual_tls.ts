/** TLS with a client certificate, on runtimes that have `node:tls`. @module */

import { SocketError } from "../errors.ts";
import { type Expected, tlsFault } from "./tls_fault.ts";
import type { TlsSocket } from "./tls_transport.ts";
import type { DialOptions, TlsOptions } from "./transport.ts";

/** What is used of Node's `tls.TLSSocket`. */
interface NodeSocket {
  on(event: string, listener: (...args: unknown[]) => void): this;
  off(event: string, listener: (...args: unknown[]) => void): this;
  setNoDelay(noDelay: boolean): void;
  setKeepAlive(keepAlive: boolean): void;
  destroy(): void;
}

interface NodeTls {
  connect(options: Record<string, unknown>): NodeSocket;
  checkServerIdentity(name: string, certificate: unknown): Error | undefined;
}

interface NodeCrypto {
  X509Certificate: new (pem: string) => { checkPrivateKey(key: unknown): boolean };
  createPrivateKey(pem: string): unknown;
}

interface NodeStream {
  Duplex: {
    toWeb(socket: NodeSocket): ReadableWritablePair<Uint8Array, Uint8Array>;
  };
}

/** Where to connect to. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Connects, shakes hands and shows the client's certificate.
 *
 * @throws {SocketError} When the server's certificate or its name is not what it should be.
 * @throws What the runtime throws when it cannot connect.
 */
export async function openMutualTls(
  address: Address,
  expected: Expected,
  options: DialOptions,
): Promise<TlsSocket> {
  let socket: NodeSocket | undefined;
  try {
    socket = connect(address, expected);
    await hasConnected(socket, options.signal);
    socket.setNoDelay(options.noDelay);
    socket.setKeepAlive(options.keepAlive);
    return new DuplexSocket(socket);
  } catch (error) {
    socket?.destroy();
    throw options.signal.aborted ? error : faultOf(error, expected);
  }
}

/** Keys that do not fit their certificate fail in words from which nobody would guess it. */
function faultOf(error: unknown, expected: Expected): unknown {
  const fault = tlsFault(error, expected);
  if (fault !== error || isKeyOf(expected.tls)) return fault;
  return new SocketError("tls.key is not the key of tls.cert", { cause: error });
}

function isKeyOf({ cert, key }: TlsOptions): boolean {
  const { X509Certificate, createPrivateKey } = builtin<NodeCrypto>("node:crypto");
  try {
    return new X509Certificate(cert!).checkPrivateKey(createPrivateKey(key!));
  } catch {
    // One of them is of a kind that is not known here.
    return false;
  }
}

function connect({ hostname: host, port }: Address, expected: Expected): NodeSocket {
  const { serverName, tls: { caCerts, cert, key } } = expected;
  const tls = builtin<NodeTls>("node:tls");
  return tls.connect({
    // `true` unless given, but not where the environment's NODE_TLS_REJECT_UNAUTHORIZED is 0.
    ...{ host, port, cert, key, rejectUnauthorized: true },
    ...(caCerts === undefined ? {} : { ca: caCerts }),
    // An IP address is nothing to ask a server for, but its certificate may be for one.
    ...(isAddress(serverName) ? {} : { servername: serverName }),
    checkServerIdentity: (_: string, shown: unknown) => tls.checkServerIdentity(serverName, shown),
  });
}

function isAddress(name: string): boolean {
  return name.includes(":") || /^[\d.]+$/.test(name);
}

function builtin<Module>(name: string): Module {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => unknown };
  };
  const module = process?.getBuiltinModule?.(name);
  if (module === undefined) {
    throw new SocketError("this runtime has no TLS with client certificates");
  }
  return module as Module;
}

function hasConnected(socket: NodeSocket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => end(signal.reason);
    const end = (error: unknown) => {
      signal.removeEventListener("abort", giveUp);
      reject(error);
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener("abort", giveUp);
    socket.on("secureConnect", () => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    });
    // Stays for good: what comes later reaches whoever reads or writes, through the streams.
    socket.on("error", end);
    socket.on("close", () => end(new SocketError("the server closed it during the TLS handshake")));
  });
}

/** A socket of Node's, read and written as Deno's are. */
class DuplexSocket implements TlsSocket {
  readonly #socket: NodeSocket;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** What has come and did not fit. */
  #rest = new Uint8Array();

  constructor(socket: NodeSocket) {
    this.#socket = socket;
    const { readable, writable } = builtin<NodeStream>("node:stream").Duplex.toWeb(socket);
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    // Their failure reaches whoever reads or writes; nobody waits for `closed` as well.
    for (const { closed } of [this.#reader, this.#writer]) closed.catch(() => {});
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#rest.length === 0) {
      const { value } = await this.#reader.read();
      if (value === undefined) return null;
      this.#rest = value as Uint8Array<ArrayBuffer>;
    }
    const part = this.#rest.subarray(0, into.length);
    into.set(part);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    // Node's streams are done with a write before they are done with its bytes.
    await this.#writer.write(bytes.slice());
    return bytes.length;
  }

  close(): void {
    this.#socket.destroy();
  }
}
