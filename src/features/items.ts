/** Lists the items of all servers. @module */

import type { OperationOptions } from "../commands/operation_options.ts";
import type { Session } from "../commands/session.ts";
import type { ServerHandle } from "../connection/server_handle.ts";
import { checkOptions, isPromise, type OptionTypes } from "../option_checks.ts";
import type { KeyFormat } from "../protocol/key_format.ts";
import type { ItemMetadata } from "../protocol/commands/metadump.ts";
import { type Features, loadFeatures } from "./lazy_features.ts";

/** The options of `items`. */
export interface ItemsOptions extends OperationOptions {
  /** The server whose items to list, by name (`host:port`) or index; by default all servers. */
  readonly server?: string | number | undefined;
}

const ITEMS_OPTIONS: OptionTypes<ItemsOptions> = {
  signal: "signal",
  failover: "failover",
  server: "any",
};

/** Lists the items of all servers, one after another, or of one server. */
export function items(
  session: Session,
  options?: ItemsOptions,
): AsyncGenerator<ItemMetadata, void, undefined> {
  return each(portions(session, ({ listItems }) => listItems, options));
}

/** Lists the keys of all servers, one after another, or of one server, in portions. */
export function keys(
  session: Session,
  options?: ItemsOptions,
): AsyncGenerator<string[], void, undefined> {
  return portions(session, ({ listKeys }) => listKeys, options);
}

type List<Portion> = (
  nodes: readonly ServerHandle[],
  signal: AbortSignal | undefined,
  keys: KeyFormat | undefined,
) => AsyncGenerator<Portion, void, undefined>;

function portions<Portion>(
  session: Session,
  choose: (features: Features) => List<Portion>,
  options: ItemsOptions = {},
): AsyncGenerator<Portion, void, undefined> {
  checkOptions(options, ITEMS_OPTIONS);
  const { server, signal } = options;
  // Outside of the generator, so that an unknown server is an error at once.
  const nodes = session.route.withNodes((nodes) => nodes, server, signal);
  // The loop throws this error, but it may begin later, or never.
  if (isPromise(nodes)) nodes.catch(() => {});
  return (async function* () {
    const list = choose(await loadFeatures());
    yield* list(await nodes, signal, session.settings.keys);
  })();
}

async function* each(
  portions: AsyncGenerator<Iterable<ItemMetadata>, void, undefined>,
): AsyncGenerator<ItemMetadata, void, undefined> {
  for await (const portion of portions) {
    // Not `yield*`, which in an asynchronous generator waits for each item.
    for (const item of portion) yield item;
  }
}
