/** What spans and metrics have in common. @module */

import { diag } from "@opentelemetry/api";

/** The name of the instrumentation. */
export const SCOPE = "@moecache/moecache";

/** Reports a fault to OpenTelemetry's own log: the operations of the program continue. */
export function reportFault(error: unknown): void {
  diag.error(`${SCOPE}: what an operation did is not recorded`, error);
}
