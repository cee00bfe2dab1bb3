/** Listing the items of all servers. @module */

import type { OperationOptions } from "../commands/operation_options.ts";
import type { Session } from "../commands/session.ts";
import type { ServerNode } from "../connection/server_node.ts";
import { checkOptions, type OptionTypes } from "../option_checks.ts";
import type { ItemMetadata } from "../protocol/commands/metadump.ts";
import { loadFeatures } from "./lazy_features.ts";

/** Which items are listed. */
export interface ItemsOptions extends OperationOptions {
  /** The name, `host:port`, or the index of the server whose items to list; all servers' by default. */
  readonly server?: string | number;
}

const ITEMS_OPTIONS: OptionTypes<ItemsOptions> = {
  signal: "signal",
  failover: "failover",
  server: "any",
};

/** Lists the items of all servers, or of one, one server after the other. */
export function items(
  session: Session,
  options: ItemsOptions = {},
): AsyncGenerator<ItemMetadata, void, undefined> {
  checkOptions(options, ITEMS_OPTIONS);
  const { server, signal } = options;
  // Not inside the generator: an unknown server is an error at once, where the servers are known.
  const nodes = session.route.nodes(server, signal);
  // The loop is rejected with it, which may begin later, or never.
  if (nodes instanceof Promise) nodes.catch(() => {});
  return listItems(nodes, signal);
}

async function* listItems(
  nodes: readonly ServerNode[] | Promise<readonly ServerNode[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<ItemMetadata, void, undefined> {
  const { listItems } = await loadFeatures();
  yield* listItems(await nodes, signal);
}
