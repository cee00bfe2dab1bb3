/** How a client learns which servers there are. @module */

import type { ServerAddress } from "../server_address.ts";
import type { TlsOptions, Transport } from "../transport/transport.ts";

/**
 * Tells a client which servers there are, for as long as it runs: for `ClientOptions.discovery`. There are
 * `elastiCache` and `dns`; this is for a registry of another kind.
 *
 * @example Servers that stand in a file
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
  /** What is asked, for messages and for the `server` of `error` events; never with a password in it. */
  readonly name: string;
  /** Milliseconds between two look-ups, 1 to 2,147,483,647, give or take a tenth; 60,000 unless given. */
  readonly interval?: number;
  /**
   * Looks up the servers. It is called for one client one call at a time, and has to end when its signal is
   * aborted: closing a client waits for it.
   *
   * @returns The servers, one at least.
   * @throws {Error} Of any kind, when they cannot be had now: the client keeps those that it has.
   */
  lookUp(context: DiscoveryContext): Promise<DiscoveredServers>;
}

/** What a look-up has come to. */
export interface DiscoveredServers {
  /** The servers, in the order that the client's locator is to have them in. */
  readonly servers: readonly ServerAddress[];
  /**
   * The version of the list, where it has one, which grows with each change: a list of the same version is
   * not looked at, and an older one, from a source that lags behind, not taken until it has come three times
   * in a row. Without versions the lists themselves are compared.
   */
  readonly version?: number | bigint;
}

/** What a client gives to a look-up. */
export interface DiscoveryContext {
  /** Aborted when the look-up has taken too long, or the client is closed. */
  readonly signal: AbortSignal;
  /**
   * How TLS is spoken with servers whose addresses do not say; `undefined` where it is not. A server that is
   * given by its IP address needs the name that its certificate is for: `{ serverName: name, ...tls }`.
   */
  readonly tls: TlsOptions | undefined;
  /**
   * Opens a socket as the client does to its servers: with its `dial`, TLS, authentication and
   * `connectTimeout`.
   *
   * @param address Whom to ask.
   * @param signal Gives the attempt up.
   * @returns The socket, which is to be closed by whoever asked for it.
   */
  connect(address: ServerAddress, signal: AbortSignal): Promise<Transport>;
}
