/**
 * A drop-in for the npm package `memjs`: the same calls, servers, flags and bytes, without the binary protocol. Only the
 * import changes.
 *
 * @example Promises and callbacks
 * ```ts
 * import memjs from "@moecache/moecache/memjs";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await MemcachedServer.listen();
 * const client = memjs.Client.create(server.address); // or Client.create(), with MEMCACHIER_SERVERS
 *
 * await client.set("name", "Ada", { expires: 600 });
 * const { value } = await client.get("name");
 * assertEquals(new TextDecoder().decode(value ?? undefined), "Ada");
 *
 * const seen = Promise.withResolvers<boolean | null>();
 * client.delete("name", (_error, success) => seen.resolve(success));
 * assertEquals(await seen.promise, true);
 * client.close();
 * ```
 *
 * @module
 */

import {
  Client,
  type Client as MemjsClient,
  type MemjsCounting,
  type MemjsStoring,
} from "./memjs/client.ts";
import {
  Header,
  type Header as MemjsHeader,
  type Response as MemjsResponse,
  Utils,
} from "./memjs/messages.ts";
import { Server, type Server as MemjsServer } from "./memjs/server.ts";
import type {
  MemjsLogger,
  MemjsOptions,
  MemjsSerializer,
  MemjsServerOptions,
  MemjsValue,
} from "./memjs/memjs_options.ts";
import type { NodeBuffer } from "./node_callbacks.ts";

export { Client, Header, Server, Utils };
export type { MemjsCallback, MemjsCounter, MemjsGetCallback, MemjsItem } from "./memjs/client.ts";
export type { MemjsHeaders, MemjsUtils, Response } from "./memjs/messages.ts";
export type { MemjsAddress } from "./memjs/memjs_options.ts";
export type { MemjsValue, NodeBuffer };
// Under the names that memjs's types have.
export type {
  MemjsCounting as IncrementDecrementOptions,
  MemjsLogger as Logger,
  MemjsOptions as ClientOptions,
  MemjsSerializer as Serializer,
  MemjsServerOptions as ServerOptions,
  MemjsStoring as InsertOptions,
};

/** What `import memjs` and `require("memjs")` give. */
const memjs: {
  readonly Client: typeof Client;
  readonly Header: typeof Header;
  readonly Server: typeof Server;
  readonly Utils: typeof Utils;
} = { Client, Header, Server, Utils };

/** The names of types, for `memjs.ClientOptions`. */
declare namespace memjs {
  /** A client. */
  export type Client<Given = MemjsValue, Read = NodeBuffer | null> = MemjsClient<Given, Read>;
  /** The options of a client. */
  export type ClientOptions<Given = MemjsValue, Read = NodeBuffer | null> = MemjsOptions<
    Given,
    Read
  >;
  /** The options that memjs has for a server. */
  export type ServerOptions = MemjsServerOptions;
  /** A server of a client. */
  export type Server = MemjsServer;
  /** The header of a message. */
  export type Header = MemjsHeader;
  /** A message that was parsed. */
  export type Response = MemjsResponse;
  /** Receives messages. */
  export type Logger = MemjsLogger;
  /** Converts values. */
  export type Serializer<Given, Read> = MemjsSerializer<Given, Read>;
  /** The options of an operation that stores. */
  export type InsertOptions = MemjsStoring;
  /** The options of `increment` and `decrement`. */
  export type IncrementDecrementOptions = MemjsCounting;
}

export default memjs;
