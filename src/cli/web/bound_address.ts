/** Where the page's server listens, and which requests it answers there. @module */

import { randomBytes } from "node:crypto";
import { hostname, networkInterfaces } from "node:os";
import { Access, isLoopback, LOOPBACK_NAMES, PAGE } from "./access.ts";

/** A socket's own end, as `node:net` says it. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

/** What the command line says of it. */
export interface BindOptions {
  /** The host that was to be listened on; empty for every address. */
  readonly host: string;
  /** Other names that browsers know the server by. */
  readonly otherHosts: readonly string[];
  /** Asks for a token on loopback too. */
  readonly needsToken: boolean;
}

/** Which requests are answered, and the address that a person opens. */
export interface Bound {
  readonly access: Access;
  /** The page's address, with the token if there is one. */
  readonly url: string;
  readonly hasToken: boolean;
  /** The name of the cookie that keeps the token: browsers send a host's cookies to each of its ports. */
  readonly cookie: string;
}

/** Addresses of IPv4 and IPv6 that stand for all addresses of a machine. */
const EVERY_ADDRESS: readonly string[] = ["0.0.0.0", "::"];

/** Decides by the address whether a token is needed, and makes one. */
export function boundTo({ address, port }: SocketAddress, options: BindOptions): Bound {
  const { host, otherHosts, needsToken } = options;
  const isEverywhere = EVERY_ADDRESS.includes(address);
  const isAsked = needsToken || !isLoopback(address);
  const token = isAsked ? randomBytes(32).toString("base64url") : undefined;
  const cookie = `moecache-${port}`;
  const own = isEverywhere ? ownNames() : [inUrl(address), host];
  const hosts = [...LOOPBACK_NAMES, ...own, ...otherHosts].filter((name) => name !== "");
  const shown = isEverywhere ? own[0] : inUrl(address);
  const query = token === undefined ? "" : `?token=${token}`;
  return {
    access: new Access({ hosts, token, cookie }),
    url: `http://${shown}:${port}${PAGE}${query}`,
    hasToken: token !== undefined,
    cookie,
  };
}

/** The addresses of this machine's network, those of others first, and its name. */
function ownNames(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const addresses = all.toSorted((a, b) => Number(a.internal) - Number(b.internal))
    .map(({ address }) => inUrl(address.replace(/%.*$/, "")));
  return [...addresses, hostname()];
}

/** An address as it stands in a URL. */
function inUrl(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  return address.includes(":") ? `[${address}]` : address;
}
