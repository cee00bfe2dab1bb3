/** The addresses of servers. @module */

import { quote, ValidationException } from "./errors.ts";
import { checkKnown, holdsNames, isHostName, show } from "./option_checks.ts";
import { CheckedCredentials, type Credentials } from "./protocol/credentials.ts";
import { ipv6Name } from "./routing/ipv6_name.ts";
import type { Server } from "./routing/locator.ts";
import { checkTls, chooseTls } from "./transport/tls_options.ts";
import type { Endpoint, HostEndpoint, TlsOptions } from "./transport/transport.ts";

/**
 * The address of a server, in any of these forms; the port is 11211 by default:
 *
 * - `"cache.example.com:11211"`, `"cache.example.com"`, `"[::1]:11211"`
 * - `["cache.example.com", 11211]`, as in Python moecache
 * - `{ hostname: "cache.example.com", port: 11211, weight: 1, tls: true, auth }`
 * - `{ path: "/run/memcached.sock" }`, a unix socket; Deno needs `--allow-read` and `--allow-write` for the path
 *   besides `--allow-net`
 * - `"memcached://user:password@cache.example.com:11211"`, or such a `URL`; user name and password are optional, and
 *   percent-decoded; `memcacheds://` uses TLS
 *
 * TLS and authentication in an address override the client's options `tls` and `auth`. A host name may have several IP
 * addresses: if one refuses, the next is tried.
 */
export type ServerAddress =
  | string
  | URL
  | readonly [hostname: string, port: number]
  | HostAddress
  | PathAddress;

/** The address of a server with a host name or IP address. */
export interface HostAddress {
  /** Host name or IP address. */
  readonly hostname: string;
  /** TCP port, 1 to 65,535; 11211 by default. */
  readonly port?: number | undefined;
  /** The server's weight relative to the others; 1 by default. */
  readonly weight?: number | undefined;
  /**
   * Whether and how TLS is used; by default as in the client's option `tls`. `true` uses the settings of that option,
   * if it has any. `false` means no TLS for this server.
   */
  readonly tls?: boolean | TlsOptions | undefined;
  /** The credentials for this server; by default those of the client's option `auth`. */
  readonly auth?: Credentials | undefined;
}

/** The address of a server with a unix socket. */
export interface PathAddress {
  /** The path of the socket. */
  readonly path: string;
  /** The server's weight relative to the others; 1 by default. */
  readonly weight?: number | undefined;
  /** Unix sockets have no TLS. This must be `false` if the client's option `tls` is set. */
  readonly tls?: false | undefined;
  /** The credentials for this server; by default those of the client's option `auth`. */
  readonly auth?: Credentials | undefined;
}

/** A server that the client can connect to. */
export interface ResolvedServer extends Server {
  readonly endpoint: Endpoint;
  /** The credentials for it. */
  readonly credentials: CheckedCredentials | undefined;
}

/** The defaults for addresses. */
export interface ServerDefaults {
  /** The client's option `tls`. */
  readonly tls: boolean | TlsOptions | undefined;
  /** The client's option `auth`. */
  readonly credentials: CheckedCredentials | undefined;
}

/** The parts of an address, unchecked. */
interface Parts {
  readonly hostname?: unknown;
  readonly port?: unknown;
  readonly path?: unknown;
  readonly weight?: unknown;
  readonly tls?: unknown;
  readonly auth?: unknown;
}

/** Throws a `ValidationException` with this reason. */
type Refuse = (why: string) => never;

const DEFAULT_PORT = 11211;
const WHERE_CREDENTIALS_GO =
  "credentials go percent-encoded into a memcached:// URL, or into the option auth";
/** The parts of an address that hold no secret. */
const SHOWN = ["hostname", "port", "path", "weight"];
const PARTS = ["hostname", "port", "path", "weight", "tls", "auth"];

/**
 * Reads one address or a list of them. `["127.0.0.1", 11211]` is one server.
 *
 * @param defaults The defaults for addresses without TLS or authentication.
 * @throws {ValidationException} When an address is invalid, or the list is empty.
 */
export function resolveServers(
  servers: ServerAddress | readonly ServerAddress[],
  defaults: ServerDefaults,
): readonly ResolvedServer[] {
  const list = Array.isArray(servers) && !isPair(servers) ? Array.from(servers) : [servers];
  const addresses = list.flatMap((address) => {
    return typeof address === "string" ? separate(address) : [address];
  });
  if (addresses.length === 0) throw invalid(servers, "there must be at least one server");
  return addresses.map((address) => resolveServer(address, takeApart(address), defaults));
}

/** Splits a string with several addresses, separated by commas, as in environment variables. */
function separate(text: string): string[] {
  const addresses = text.split(",").map((address) => address.trim()).filter(Boolean);
  // What stands before it may be the first half of a password, which no message may show.
  const torn = addresses.slice(1).find((part) => part.includes("@") && !part.includes("://"));
  if (torn !== undefined) throw invalid(torn, WHERE_CREDENTIALS_GO);
  // As if its TLS and credentials were meant for all: they are not.
  const bare = addresses.find((address) => !address.includes("://"));
  if (bare !== undefined && addresses[0]?.includes("://")) {
    throw invalid(bare, "after a URL, it must be a URL too");
  }
  return addresses.length === 0 ? [""] : addresses;
}

/** The TLS and authentication in an address itself. */
export function securityOf(address: ServerAddress): Pick<HostAddress, "tls" | "auth"> {
  const { tls, auth } = takeApart(address) as HostAddress;
  return { ...tls !== undefined && { tls }, ...auth !== undefined && { auth } };
}

/**
 * Reads a text of one address or of several, separated by commas.
 *
 * @throws {ValidationException} When one is not an address.
 */
export function readAddresses(text: string): HostAddress[] {
  return separate(text).map((address) => {
    const parts = takeApart(address) as HostAddress;
    resolveServer(address, parts, { tls: undefined, credentials: undefined });
    return parts;
  });
}

function takeApart(address: unknown): Parts {
  if (address instanceof URL) return fromUrl(address);
  if (typeof address === "string") {
    return address.includes("://") ? fromUrlText(address) : fromText(address);
  }
  if (isPair(address)) return { hostname: address[0], port: address[1] };
  if (holdsNames(address)) {
    checkKnown(address, PARTS, (name) => {
      const hint = name === "host" ? `: did you mean "hostname"?` : "";
      return invalid(address, `it has an unknown ${quote(name)}${hint}`);
    });
    return address;
  }
  throw invalid(address, "it must be a string, a pair, an object or a URL");
}

function resolveServer(
  address: unknown,
  { hostname, port = DEFAULT_PORT, path, weight = 1, tls, auth }: Parts,
  defaults: ServerDefaults,
): ResolvedServer {
  const refuse: Refuse = (why) => {
    throw invalid(address, why);
  };
  const refuseIts: Refuse = (why) => refuse(`its ${why}`);
  if (typeof weight !== "number" || !(weight > 0 && weight < Infinity)) {
    refuse("its weight must be a positive number");
  }
  const credentials = auth === undefined
    ? defaults.credentials
    : new CheckedCredentials(auth, refuseIts);
  const chosen = chooseTls(checkTls(tls, refuseIts), defaults.tls);
  if (path === undefined) {
    const { name, endpoint } = resolveHost(hostname, port, refuse);
    const secured = chosen === undefined ? endpoint : { ...endpoint, tls: chosen };
    return { name, weight, endpoint: secured, credentials };
  }
  if (typeof path !== "string" || path === "" || path.includes("\0") || hostname !== undefined) {
    refuse("its path must be that of a unix socket, without a host name");
  }
  if (chosen !== undefined) refuse("unix sockets have no TLS: its tls must be false");
  return { name: path, weight, endpoint: { path }, credentials };
}

function isPair(value: unknown): value is [string, number] {
  return Array.isArray(value) && value.length === 2 && typeof value[1] === "number";
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`, or a bare IPv6 address. */
function fromText(text: string): Parts {
  if (isIPv6(text)) return { hostname: text };
  if (text.includes("@")) {
    throw invalid(text, WHERE_CREDENTIALS_GO);
  }
  const match = /^(\[[^\]]*\]|[^:/]*)(?::(\d+))?$/.exec(text);
  if (match === null) {
    throw invalid(text, `it is not "host" or "host:port"; a unix socket is { path }`);
  }
  const [, hostname, port] = match;
  return { hostname, ...port !== undefined && { port: Number(port) } };
}

/** RFC 6874 writes the zone of an IPv6 address as in `[fe80::1%25eth0]`. The runtime's `URL` refuses it. */
function fromUrlText(text: string): Parts {
  const [, zone = ""] = /\[[\d:.a-f]+(%[\w.-]+)\]/i.exec(text) ?? [];
  const parts = fromUrl(parseUrl(text.replace(`${zone}]`, "]")));
  const hostname = `${parts.hostname}`.replace("]", `${zone.replace("%25", "%")}]`);
  return { ...parts, hostname };
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    // The runtime's error would show the whole address, including a password.
    throw invalid(text, "it is not a valid URL, or its user name or password not percent-encoded");
  }
}

function fromUrl(url: URL): Parts {
  const isSecure = url.protocol === "memcacheds:";
  const isKnown = isSecure || url.protocol === "memcached:";
  if (!isKnown) throw invalid(url, "it is not memcached://host:port or memcacheds://host:port");
  if (url.search + url.hash !== "" || !/^\/?$/.test(url.pathname)) {
    throw invalid(url, "it must end after the port");
  }
  return {
    hostname: url.hostname,
    ...url.port !== "" && { port: Number(url.port) },
    ...isSecure && { tls: true },
    ...url.username + url.password !== "" && { auth: credentialsOf(url) },
  };
}

function credentialsOf(url: URL): Credentials {
  try {
    return {
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    };
  } catch {
    throw invalid(url, "its user name or password is not percent-encoded");
  }
}

function resolveHost(
  hostname: unknown,
  port: unknown,
  refuse: Refuse,
): { readonly name: string; readonly endpoint: HostEndpoint } {
  const bare = typeof hostname === "string" ? hostname.replace(/^\[(.*:.*)\]$/, "$1") : "";
  const literal = isIPv6(bare);
  if (!literal && !isHostName(bare)) {
    refuse("its host name must be a host name or an IP address");
  }
  if (!Number.isInteger(port) || (port as number) < 1 || (port as number) > 65535) {
    refuse("its port must be an integer from 1 to 65535");
  }
  // An IPv6 address is written as in .NET's `IPEndPoint`, and so in EnyimMemcached.
  const host = literal ? `[${bare.replace(/^[^%]*/, ipv6Name)}]` : bare;
  return { name: `${host}:${port}`, endpoint: { hostname: bare, port: port as number } };
}

/** Whether text is an IPv6 address. It may have a zone, as in `fe80::1%eth0`, which the runtime's `URL` refuses. */
function isIPv6(text: string): boolean {
  const [, address] = /^((?:[\dA-Fa-f.]*:){2,}[\dA-Fa-f.]*)(?:%[\w.-]+)?$/.exec(text) ?? [];
  return address !== undefined && URL.canParse(`http://[${address}]`);
}

function invalid(address: unknown, why: string): ValidationException {
  return new ValidationException(
    `Cannot use server address ${showSafely(address)}: ${why}`,
    withoutSecrets(address),
  );
}

function showSafely(address: unknown): string {
  const safe = withoutSecrets(address);
  return Array.isArray(safe) ? `[${safe.map(showSafely)}]` : show(safe);
}

/** An address for error messages: without credentials and private keys. */
function withoutSecrets(address: unknown): unknown {
  if (address instanceof URL) return withoutSecrets(address.href);
  if (typeof address === "string") return hideUser(address);
  if (Array.isArray(address)) {
    return Array.from(address, (each) => Array.isArray(each) ? "[…]" : withoutSecrets(each));
  }
  if (typeof address !== "object" || address === null) return address;
  // What has another name may be a password.
  const shown = Object.entries(address).filter(([name]) => SHOWN.includes(name));
  return Object.fromEntries(
    shown.map(([name, part]) => [name, typeof part === "string" ? hideUser(part) : part]),
  );
}

/** Hides user name and password. If the `@` is missing, the password may be where the port should be. */
function hideUser(text: string): string {
  const [, scheme = "", rest = ""] = /^([a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(text)!;
  const host = rest.slice(rest.lastIndexOf("@") + 1);
  if (scheme === "") return host;
  const shown = host.replace(/[?#].*/s, "");
  // Colons within brackets belong to an IPv6 address. After any other colon is a port, or a secret.
  const [, address = "", port = ""] = /^(\[[\w:.%-]*\]|[^:/]*)(.*)$/s.exec(shown)!;
  return scheme + address + (/^(:\d{0,5})?\/?$/.test(port) ? port : ":…");
}
