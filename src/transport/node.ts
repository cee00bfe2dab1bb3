/** The dialer for Node, without TLS. @module */

import "../loaded_already.ts";
import { systemClock, untilAborted } from "../waiting.ts";
import type { NodeSocket, OnRead, SocketOptions, TlsManner } from "./node_socket.ts";
import { NodeTransport } from "./node_transport.ts";
import { timeToNextAddress } from "./attempts.ts";
import { builtinModule } from "./runtime_features.ts";
import type { DialOptions, Endpoint, Transport } from "./transport.ts";

/** Begins to connect a socket of `node:net` or `node:tls`. Without `onread`, it emits `data`. */
export type ConnectSocket<Options extends SocketOptions> = (
  options: Omit<Options, "onread"> & { onread?: OnRead },
) => NodeSocket & { on(event: "data", listener: (bytes: Uint8Array) => void): NodeSocket };

/** The part of `node:net` that is used here. */
interface NodeNet {
  readonly connect: ConnectSocket<SocketOptions>;
}

/** The part of `node:dns` that is used here. */
interface NodeDns {
  readonly ADDRCONFIG: number;
  readonly promises: {
    lookup(name: string, options: { all: true; hints: number }): Promise<{ address: string }[]>;
  };
}

/** Begins to connect a socket. */
export type OpenSocket = (options: SocketOptions) => NodeSocket;

/** Opens a TCP or unix socket with `node:net`. */
export async function dialNode(endpoint: Endpoint, options: DialOptions): Promise<Transport> {
  const net = await builtinModule<NodeNet>("node:net");
  const open = (socket: SocketOptions) => openReading(net.connect, socket).on("error", withReason);
  const transport = await connectNode(endpoint, options, open);
  transport.configure(options);
  return transport;
}

/**
 * Connects to a host, or to a unix socket.
 *
 * @param open Begins to connect.
 * @param tls How a TLS socket differs.
 * @throws The runtime's error for the last of the host's addresses.
 */
export async function connectNode(
  { hostname, port, path }: Endpoint,
  { signal, connectTimeout }: DialOptions,
  open: OpenSocket,
  tls?: TlsManner,
): Promise<NodeTransport> {
  const connect = async (where: Omit<SocketOptions, "onread">, signal: AbortSignal) => {
    const transport = new NodeTransport((onread) => open({ ...where, onread }), tls);
    await transport.connected(signal);
    return transport;
  };
  signal.throwIfAborted();
  if (path !== undefined) return await connect({ path }, signal);
  const hosts = await lookUp(hostname, signal);
  const attempts = hosts.map((host) => (signal: AbortSignal) => connect({ ...host, port }, signal));
  return await firstOf(attempts, timeToNextAddress(connectTimeout, hosts.length), signal);
}

/** Begins to connect a socket with its `onread`, or on Bun 1.2 with an event in its place. */
export function openReading<Options extends SocketOptions>(
  connect: ConnectSocket<Options>,
  { onread, ...options }: Options,
): NodeSocket {
  const { Bun } = globalThis as { Bun?: { version: string } };
  if (!Bun?.version.startsWith("1.2.")) return connect({ ...options, onread });
  // It never frees the `onread` of what could not connect, and does not read into its buffer anyway.
  return connect(options).on("data", (bytes) => void onread.callback(bytes.length, bytes));
}

/**
 * Gives the error of an attempt on Bun the text that Node's has: Bun's does not say why. Not for TLS, where Bun 1.2
 * reports a wrong key as a refusal.
 */
export function withReason(error: Error & { code?: string; syscall?: string }): Error {
  const { message, code, syscall } = error;
  if (syscall === "connect" && !message.includes(`${code}`)) error.message = `connect ${code}`;
  return error;
}

/** What to connect to. */
type Host = Pick<SocketOptions, "host" | "family">;

/** The addresses of a host, with alternating IP versions; an IP address stands for itself. */
async function lookUp(host: string, signal: AbortSignal): Promise<Host[]> {
  if (isAddress(host)) return [{ host }];
  // On Deno, which uses this for TLS, a program may have the permission to connect to a name but not to its addresses.
  // Then the first address of each version is used, through the name: Deno crashes if it tries more of them.
  if (!mayUseNetwork()) return [{ host, family: 6 }, { host, family: 4 }];
  const { ADDRCONFIG: hints, promises } = await builtinModule<NodeDns>("node:dns");
  const found = await untilAborted(promises.lookup(host, { all: true, hints }), signal);
  const addresses = inTurn([...new Set(found.map(({ address }) => address))]);
  // Without any address, the runtime makes the error.
  return addresses.length === 0 ? [{ host }] : addresses.map((host) => ({ host }));
}

/** Orders addresses with alternating IP versions, beginning with the version of the first address. */
function inTurn(addresses: readonly string[]): string[] {
  const version = (address: string) => address.includes(":") ? 6 : 4;
  const isLikeFirst = (address: string) => version(address) === version(addresses[0]!);
  const first = addresses.filter(isLikeFirst);
  const second = addresses.filter((address) => !isLikeFirst(address));
  return addresses.flatMap((_, i) => [...first.slice(i, i + 1), ...second.slice(i, i + 1)]);
}

/** Whether the program may connect to any address; only Deno restricts this. */
function mayUseNetwork(): boolean {
  const { permissions } = globalThis.Deno ?? {};
  return permissions === undefined || permissions.querySync({ name: "net" }).state === "granted";
}

/** Whether this is an IP address, with or without an interface as in `fe80::1%eth0`. */
export function isAddress(host: string): boolean {
  return host.includes(":") || /^[\d.]+$/.test(host);
}

/**
 * Makes one attempt after another: the next begins when the last has failed, or has taken some time (RFC 8305). The
 * first to connect wins, and the others are cancelled.
 */
function firstOf(
  attempts: readonly ((signal: AbortSignal) => Promise<NodeTransport>)[],
  wait: number,
  signal: AbortSignal,
): Promise<NodeTransport> {
  if (attempts.length === 1) return attempts[0]!(signal);
  return new Promise((resolve, reject) => {
    const ending = new AbortController();
    let [begun, lost] = [0, 0];
    let cancel = () => {};
    const giveUp = () => ending.abort(signal.reason);
    const next = () => {
      cancel();
      attempts[begun++]!(ending.signal).then(win, lose);
      if (begun < attempts.length) cancel = systemClock.after(wait, next);
    };
    const finish = () => {
      cancel();
      signal.removeEventListener("abort", giveUp);
    };
    const win = (transport: NodeTransport) => {
      if (ending.signal.aborted) {
        // It connected at the same moment as another one, or when all were cancelled.
        transport.close();
        return lose(ending.signal.reason);
      }
      finish();
      ending.abort();
      resolve(transport);
    };
    const lose = (error: unknown) => {
      lost++;
      if (!ending.signal.aborted && begun < attempts.length) return next();
      if (lost < begun) return;
      finish();
      reject(error);
    };
    signal.addEventListener("abort", giveUp);
    next();
  });
}
