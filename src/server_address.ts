/** How a caller names a server. @module */

import { quote, ValidationException } from "./errors.ts";
import type { Server } from "./routing/locator.ts";
import type { Endpoint } from "./transport/transport.ts";

/**
 * A server, in any of these forms; the port is 11211 unless given:
 *
 * - `"cache.example.com:11211"`, `"cache.example.com"`, `"[::1]:11211"`
 * - `["cache.example.com", 11211]`, as in Python moecache
 * - `{ hostname: "cache.example.com", port: 11211, weight: 1 }`
 * - `{ path: "/run/memcached.sock" }`, a unix socket; Deno asks for `--allow-read` and `--allow-write`
 *   of the path besides `--allow-net`
 * - `"memcached://cache.example.com:11211"`, or such a `URL`
 */
export type ServerAddress =
  | string
  | URL
  | readonly [hostname: string, port: number]
  | { readonly hostname: string; readonly port?: number; readonly weight?: number }
  | { readonly path: string; readonly weight?: number };

/** A server that the client can route to and dial. */
export interface ResolvedServer extends Server {
  readonly endpoint: Endpoint;
}

const DEFAULT_PORT = 11211;

/**
 * Reads one address or a list of them. `["127.0.0.1", 11211]` is one server.
 *
 * @throws {ValidationException} When an address makes no sense, or there is none.
 */
export function resolveServers(
  servers: ServerAddress | readonly ServerAddress[],
): readonly ResolvedServer[] {
  const list = Array.isArray(servers) && !isPair(servers) ? servers : [servers];
  if (list.length === 0) throw invalid(servers, "there must be one server at least");
  return Array.from(list, resolveServer);
}

function resolveServer(address: unknown): ResolvedServer {
  if (address instanceof URL) return fromUrl(address);
  if (typeof address === "string") {
    return address.includes("://") ? fromUrl(parseUrl(address)) : fromText(address);
  }
  if (isPair(address)) return fromHost(address, address[0], address[1], 1);
  if (typeof address === "object" && address !== null) return fromRecord(address);
  throw invalid(address, "it must be a string, a pair, an object or a URL");
}

function isPair(value: unknown): value is [string, number] {
  return Array.isArray(value) && value.length === 2 && typeof value[1] === "number";
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`, or a bare IPv6 address. */
function fromText(text: string): ResolvedServer {
  if (isIPv6(text)) return fromHost(text, text, DEFAULT_PORT, 1);
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text);
  if (match === null) throw invalid(text, `it is not "host" or "host:port"`);
  const [, hostname, port] = match;
  return fromHost(text, hostname!, port === undefined ? DEFAULT_PORT : Number(port), 1);
}

function fromRecord(address: object): ResolvedServer {
  const { hostname, port = DEFAULT_PORT, path, weight = 1, tls } = address as Record<
    string,
    unknown
  >;
  if (tls) throw invalid(address, "TLS is not supported yet");
  if (typeof weight !== "number" || !(weight > 0 && weight < Infinity)) {
    throw invalid(address, "its weight must be a positive number");
  }
  if (path === undefined) return fromHost(address, hostname, port, weight);
  if (typeof path !== "string" || path === "" || path.includes("\0") || hostname !== undefined) {
    throw invalid(address, "its path must be that of a unix socket, without a host name");
  }
  return { name: path, weight, endpoint: { path } };
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw invalid(text, "it is not a valid URL", { cause });
  }
}

function fromUrl(url: URL): ResolvedServer {
  const extra = url.username + url.password + url.search + url.hash;
  if (url.protocol !== "memcached:" || extra !== "" || !/^\/?$/.test(url.pathname)) {
    throw invalid(url, "it is not memcached://host or memcached://host:port");
  }
  return fromHost(url, url.hostname, url.port === "" ? DEFAULT_PORT : Number(url.port), 1);
}

function fromHost(
  address: unknown,
  hostname: unknown,
  port: unknown,
  weight: number,
): ResolvedServer {
  const bare = typeof hostname === "string" ? hostname.replace(/^\[(.*:.*)\]$/, "$1") : "";
  const literal = isIPv6(bare);
  // What no host name or IPv4 address holds; it keeps the name safe to show and to hash.
  if (!literal && !/^[^\s\p{C}/@?#:[\]]+$/u.test(bare)) {
    throw invalid(address, "its host name must be a host name or an IP address");
  }
  if (!Number.isInteger(port) || (port as number) < 1 || (port as number) > 65535) {
    throw invalid(address, "its port must be an integer from 1 to 65535");
  }
  const name = literal ? `${canonicalIPv6(bare)}:${port}` : `${bare}:${port}`;
  return { name, weight, endpoint: { hostname: bare, port: port as number } };
}

function isIPv6(text: string): boolean {
  return text.includes(":") && URL.canParse(`http://[${text}]`);
}

/** An IPv6 address is named as .NET's `IPEndPoint`, and so EnyimMemcached, writes it: `[2001:db8::1]`. */
function canonicalIPv6(address: string): string {
  return new URL(`http://[${address}]`).hostname;
}

function invalid(address: unknown, why: string, options?: ErrorOptions): ValidationException {
  return new ValidationException(
    `Cannot use server address ${show(address)}: ${why}`,
    address,
    options,
  );
}

/** Shows an address without the credentials that a URL may hold. */
function show(address: unknown): string {
  const text = address instanceof URL ? address.href : address;
  if (typeof text !== "string") return Array.isArray(text) ? `[${text}]` : quote(text);
  return quote(text.replace(/:\/\/.*@/s, "://"));
}
