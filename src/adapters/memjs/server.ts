/** A server of memjs's client. @module */

import type { MemjsAddress, MemjsServerOptions } from "./memjs_options.ts";

/** What closes the connections of the clients of a server. */
const closers = /* @__PURE__ */ new WeakMap<Server, Set<() => void>>();

/**
 * memjs's `Server`: where one is, and how to authenticate. A {@linkcode Client} has the connections to it.
 *
 * @example A client of two servers
 * ```ts
 * import { Client, Server } from "@moecache/moecache/memjs";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using one = await MemcachedServer.listen();
 * await using two = await MemcachedServer.listen();
 * const servers = [one, two].map(({ hostname, port }) => new Server(hostname, port));
 * const client = new Client(servers);
 * await client.set("name", "Ada");
 * assertEquals(`${(await client.get("name")).value}`, "Ada");
 * client.close();
 * ```
 */
export class Server implements MemjsAddress {
  /** Its host name or IP address. */
  readonly host: string;
  /** Its TCP port. */
  readonly port: number;
  /** The user name, if it has one. */
  readonly username: string | undefined;
  /** The password, if it has one. */
  readonly password: string | undefined;
  /** The options that it was made with. */
  readonly options: MemjsServerOptions;

  /**
   * Makes a server. Nothing is connected.
   *
   * @param host Its host name or IP address.
   * @param port Its TCP port, 11211 by default.
   * @param username The user name; by default that of the options, or else what the client knows.
   * @param password The password, likewise.
   * @param options `username`, `password`, `timeout`, `conntimeout` and `keepAlive`. A client's own come first. All
   * servers of a client must have the same, but for names and passwords.
   */
  constructor(
    host: string,
    port?: number,
    username?: string,
    password?: string,
    options?: MemjsServerOptions,
  ) {
    this.host = host;
    this.port = port ?? 11211;
    this.username = username || options?.username;
    this.password = password || options?.password;
    this.options = options ?? {};
    // Not shown where a server or its client is printed.
    for (const name of ["password", "options"]) {
      Object.defineProperty(this, name, { enumerable: false });
    }
  }

  /** Closes the clients of the server, as their `close` does. */
  close(): void {
    for (const close of closers.get(this) ?? []) close();
  }

  /** How memjs writes a server. */
  toString(): string {
    return `<Server ${this.host}:${this.port}>`;
  }
}

/** Makes a server close a client. */
export function closeWith(server: Server, close: () => void): void {
  const known = closers.get(server) ?? new Set();
  closers.set(server, known.add(close));
}

/** Makes servers of objects that are none. */
export function serversFrom(servers: readonly MemjsAddress[]): Server[] {
  return servers.map((server) => {
    if (server instanceof Server) return server;
    const { host, port, username, password, options } = server;
    return new Server(host, port, username, password, options);
  });
}
