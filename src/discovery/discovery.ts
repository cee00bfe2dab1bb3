/** The interface of discoveries, which find a client's servers. @module */

import type { ServerAddress } from "../server_address.ts";
import type { TlsOptions, Transport } from "../transport/transport.ts";

/**
 * Finds a client's servers, again and again while the client runs. Pass it as `ClientOptions.discovery`. `elastiCache`
 * and `dns` exist; implement this interface for another kind of registry.
 *
 * @example A list of servers in a file
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import type { Discovery } from "@moecache/moecache/discovery";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, `${server.address}\n`);
 *
 * const fromFile: Discovery = {
 *   name: path,
 *   interval: 5_000,
 *   async lookUp({ signal }) {
 *     const text = await Deno.readTextFile(path, { signal });
 *     return { servers: text.trim().split("\n") };
 *   },
 * };
 *
 * await using client = new Client([], { discovery: fromFile });
 * await client.set("key", "value");
 * assertEquals(client.servers.map(({ name }) => name), [server.address]);
 * ```
 */
export interface Discovery {
  /** The name of the source, for messages and for the `server` of `error` events. It must not contain a password. */
  readonly name: string;
  /** Milliseconds between two look-ups, 1 to 2,147,483,647; 60,000 by default. It varies by up to a tenth at random. */
  readonly interval?: number;
  /**
   * Looks up the servers. A client never makes two calls at the same time. The call must end when its signal is
   * aborted: closing the client waits for it, for up to a second.
   *
   * @returns The servers; at least one.
   * @throws {Error} Any error, when the servers cannot be found now. The client keeps its current servers.
   */
  lookUp(context: DiscoveryContext): Promise<DiscoveredServers>;
}

/** The result of a look-up. */
export interface DiscoveredServers {
  /** The servers, in the order for the client's locator. */
  readonly servers: readonly ServerAddress[];
  /**
   * The version of the list, if it has one. It must grow with each change. A list with the same version is ignored. A
   * list with an older version, from a source that lags behind, is ignored until it has come three times in a row.
   * Without versions, the lists themselves are compared.
   */
  readonly version?: number | bigint;
}

/** What a look-up gets from the client. */
export interface DiscoveryContext {
  /** Aborted when the look-up has taken too long, or the client is closed. */
  readonly signal: AbortSignal;
  /**
   * The TLS options for servers whose addresses have none; `undefined` without TLS. A server with an IP address needs
   * the name in its certificate: `{ serverName: name, ...tls }`.
   */
  readonly tls: TlsOptions | undefined;
  /**
   * Opens a socket as the client does for its servers: with its `dial`, TLS, authentication and `connectTimeout`.
   *
   * @param address The address to connect to.
   * @param signal Aborts the attempt.
   * @returns The socket. The caller must close it.
   */
  connect(address: ServerAddress, signal: AbortSignal): Promise<Transport>;
}
