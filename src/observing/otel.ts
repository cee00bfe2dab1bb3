/**
 * Spans and metrics for OpenTelemetry, by its conventions for databases. The only package that it imports is
 * `@opentelemetry/api`, which your program has anyway.
 *
 * @example A span for each operation, and metrics
 * ```ts
 * import { Client } from "@moecache/moecache";
 * import { instrument } from "@moecache/moecache/otel";
 * import { MemcachedServer } from "@moecache/moecache/testing";
 *
 * using _ = instrument({ attributes: { "service.version": "1.2.3" } });
 *
 * await using server = await MemcachedServer.listen();
 * await using client = new Client(server.address);
 * await client.get("key"); // a span "get 127.0.0.1", if your program has an SDK
 * ```
 *
 * @module
 */

import { diag } from "@opentelemetry/api";
import { Metrics } from "./otel/metrics.ts";
import { reportFault, SCOPE } from "./otel/scope.ts";
import type { InstrumentOptions } from "./otel/options.ts";
import { checkSettings } from "./otel/settings.ts";
import { Spans } from "./otel/spans.ts";
import { Subscriptions } from "./subscriptions.ts";

export type {
  InstrumentAttributes,
  InstrumentOptions,
  MakesMeters,
  MakesTracers,
} from "./otel/options.ts";

/**
 * Makes spans and metrics of what all clients of this process do, whether they exist already or are made later.
 *
 * Where the runtime has no `node:diagnostics_channel`, such as Cloudflare Workers without `nodejs_compat`, nothing is
 * recorded, and OpenTelemetry's `diag` gets a warning.
 *
 * @param options What is recorded, and how.
 * @returns Ends it when it is disposed of: `using _ = instrument()`, or `_[Symbol.dispose]()`.
 * @throws {ValidationException} When an option is unknown or invalid.
 *
 * @example Keys in spans, without what identifies a person
 * ```ts
 * import { instrument } from "@moecache/moecache/otel";
 *
 * using _ = instrument({ keys: (key) => key.replace(/\d+/g, "?") });
 * ```
 */
export function instrument(options: InstrumentOptions = {}): Disposable {
  const settings = checkSettings(options);
  const subscriptions = new Subscriptions(reportFault);
  if (!subscriptions.areThere) {
    diag.warn(`${SCOPE}: nothing is recorded: this runtime has no node:diagnostics_channel`);
    return subscriptions;
  }
  const spans = new Spans(settings);
  spans.subscribe(subscriptions);
  const metrics = settings.metrics ? new Metrics(settings) : undefined;
  metrics?.subscribe(subscriptions);
  return {
    [Symbol.dispose]() {
      subscriptions[Symbol.dispose]();
      spans.stop();
      metrics?.stop();
    },
  };
}
