/** Watches the events of all servers. @module */

import { OPERATION_OPTIONS, type OperationOptions } from "../commands/operation_options.ts";
import type { Session } from "../commands/session.ts";
import { checkOptions, isPromise } from "../option_checks.ts";
import type { WatchEvent, WatchKind } from "../protocol/commands/watch.ts";
import { watchRequest } from "../protocol/commands/watch_request.ts";
import { loadFeatures } from "./lazy_features.ts";
import type { WatchedEvents } from "./watched_events.ts";

/** The events of all servers. Cancelling it closes its connections. */
export interface WatchStream extends ReadableStream<WatchEvent> {
  /**
   * Resolves when every server has begun to log: later operations are seen. Rejects with the error of the stream; this
   * rejection need not be handled.
   */
  readonly ready: Promise<void>;
}

/** Watches all servers, with a connection for each. Events are read only on demand. */
export function watch(
  session: Session,
  kinds: readonly WatchKind[],
  options?: OperationOptions,
): WatchStream {
  checkOptions(options, OPERATION_OPTIONS);
  const request = watchRequest(kinds);
  const signal = options?.signal;
  let source!: Promise<WatchedEvents>;
  const events = new ReadableStream<WatchEvent>({
    start(controller) {
      source = loadFeatures().then(({ WatchedEvents }) => {
        return new WatchedEvents(controller);
      });
      source.catch((error) => controller.error(error));
    },
    async pull() {
      (await source).pull();
    },
    async cancel() {
      await (await source).cancel();
    },
  }, { highWaterMark: 0 });
  const nodes = session.route.withNodes((nodes) => nodes, undefined, signal);
  // `ready` is rejected with it.
  if (isPromise(nodes)) nodes.catch(() => {});
  const ready = source.then(async (source) => {
    await source.open(await nodes, request, signal);
  });
  source.then((source) => source.follow(ready), () => {});
  return Object.assign(events, { ready });
}
