/**
 * The types of what clients publish to {@linkcode CHANNELS}, for code that subscribes with `node:diagnostics_channel`.
 * There is nothing here to run.
 *
 * @example Printing the keys of failed operations
 * ```ts
 * import diagnostics from "node:diagnostics_channel";
 * import { CHANNELS, Client } from "@moecache/moecache";
 * import type { CommandContext } from "@moecache/moecache/diagnostics";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const failed: string[] = [];
 * const listener = (message: unknown) => failed.push(...(message as CommandContext).args);
 * diagnostics.subscribe(`tracing:${CHANNELS.command}:error`, listener);
 *
 * await using client = new Client("127.0.0.1:1");
 * await assertRejects(() => client.get("key"));
 * assertEquals(failed, ["key"]);
 * diagnostics.unsubscribe(`tracing:${CHANNELS.command}:error`, listener);
 * ```
 *
 * @module
 */

export type {
  BatchContext,
  CommandContext,
  ConnectContext,
  ConnectionClosedContext,
  DiscoveryContext,
  FailoverContext,
  LeaseContext,
  ServerContext,
  ServerStateContext,
} from "../channel_contexts.ts";
