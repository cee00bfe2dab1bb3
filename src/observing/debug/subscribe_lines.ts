/** Makes lines of what the channels say. @module */

import type {
  BatchContext,
  CommandContext,
  ConnectContext,
  ConnectionClosedContext,
  DiscoveryContext,
  FailoverContext,
  LeaseContext,
  ServerStateContext,
} from "../../channel_contexts.ts";
import { CHANNELS } from "../../observation.ts";
import { type Clock, systemClock } from "../../waiting.ts";
import { Subscriptions } from "../subscriptions.ts";
import * as lines from "./lines.ts";

/**
 * Subscribes to all channels.
 *
 * @param print Called with each line, without an end of line.
 * @returns Ends it.
 */
export function subscribeLines(
  print: (line: string) => void,
  clock: Clock = systemClock,
): Disposable {
  const subscriptions = new Subscriptions((error) => print(lines.faultLine(error)));
  if (!subscriptions.areThere) {
    print("moecache: this runtime has no node:diagnostics_channel, so nothing can be printed");
    return subscriptions;
  }
  const begun = new WeakMap<object, number>();
  const trace = <Context extends object>(
    name: string,
    lineOf: (context: Context, milliseconds: number) => string,
  ) =>
    subscriptions.trace<Context>(name, {
      started: (context) => void begun.set(context, clock.now()),
      ended: (context) => {
        const start = begun.get(context);
        // What began before the subscription has no duration.
        if (start !== undefined) print(lineOf(context, clock.now() - start));
      },
    });
  const listen = <Context>(name: string, lineOf: (context: Context) => string) =>
    subscriptions.listen<Context>(name, (context) => print(lineOf(context)));
  trace<CommandContext>(CHANNELS.command, lines.commandLine);
  trace<BatchContext>(CHANNELS.batch, lines.batchLine);
  trace<ConnectContext>(CHANNELS.connect, lines.connectLine);
  listen<ConnectionClosedContext>(CHANNELS.connectionClosed, lines.closedLine);
  listen<ServerStateContext>(CHANNELS.server, lines.serverLine);
  listen<FailoverContext>(CHANNELS.failover, lines.failoverLine);
  listen<DiscoveryContext>(CHANNELS.discovery, lines.discoveryLine);
  listen<LeaseContext>(CHANNELS.lease, lines.leaseLine);
  return subscriptions;
}
