/** The dialer for Bun and Node, but for TLS. @module */

import { systemClock, untilAborted } from "../waiting.ts";
import type { NodeSocket, SocketOptions, TlsManner } from "./node_socket.ts";
import { NodeTransport } from "./node_transport.ts";
import { timeToNextAddress } from "./runtime.ts";
import { builtinModule } from "./runtime_features.ts";
import type { DialOptions, Endpoint, Transport } from "./transport.ts";

/** As much of `node:net` as is used here. */
interface NodeNet {
  connect(options: SocketOptions): NodeSocket;
}

/** As much of `node:dns` as is used here. */
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
  const transport = await connectNode(endpoint, options, (socket) => net.connect(socket));
  transport.configure(options);
  return transport;
}

/**
 * Connects to a host, or to a unix socket.
 *
 * @param open Begins to connect.
 * @param tls What is different where TLS is spoken.
 * @throws What the runtime throws when it cannot, for the last of a host's addresses.
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
  const hosts = await lookUp(hostname!, signal);
  const attempts = hosts.map((host) => (signal: AbortSignal) =>
    connect({ ...host, port: port! }, signal)
  );
  return await firstOf(attempts, timeToNextAddress(connectTimeout, hosts.length), signal);
}

/** What to connect to. */
type Host = Pick<SocketOptions, "host" | "family">;

/** The addresses of a host, those of both versions in turn; a literal address is its own. */
async function lookUp(host: string, signal: AbortSignal): Promise<Host[]> {
  if (isAddress(host)) return [{ host }];
  // Deno, which is here for TLS, may have leave to connect to a name and none for its addresses. The first
  // of each version is what can be had by the name: where the runtime tries more of them it crashes.
  if (!mayUseNetwork()) return [{ host, family: 6 }, { host, family: 4 }];
  const { ADDRCONFIG: hints, promises } = await builtinModule<NodeDns>("node:dns");
  const found = await untilAborted(promises.lookup(host, { all: true, hints }), signal);
  const addresses = inTurn([...new Set(found.map(({ address }) => address))]);
  // Where there are none, it is for the runtime to say so.
  return addresses.length === 0 ? [{ host }] : addresses.map((host) => ({ host }));
}

/** Puts addresses of both versions in turn, beginning with that of the first. */
function inTurn(addresses: readonly string[]): string[] {
  const version = (address: string) => address.includes(":") ? 6 : 4;
  const isLikeFirst = (address: string) => version(address) === version(addresses[0]!);
  const first = addresses.filter(isLikeFirst);
  const second = addresses.filter((address) => !isLikeFirst(address));
  return addresses.flatMap((_, i) => [...first.slice(i, i + 1), ...second.slice(i, i + 1)]);
}

/** Whether any address may be connected to, which is a question on Deno only. */
function mayUseNetwork(): boolean {
  const { permissions } = globalThis.Deno ?? {};
  return permissions === undefined || permissions.querySync({ name: "net" }).state === "granted";
}

/** Whether this is an IP address, which may name its interface as in `fe80::1%eth0`. */
export function isAddress(host: string): boolean {
  return host.includes(":") || /^[\d.]+$/.test(host);
}

/**
 * Makes one attempt after another, the next as soon as one fails or has taken a while (RFC 8305). The first
 * to connect wins, the others are given up.
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
        // It connected at the moment when another one did, or when all were given up.
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
