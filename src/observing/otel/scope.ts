/** What spans and metrics have in common. @module */

import { diag } from "@opentelemetry/api";

/** The name of the instrumentation. */
export const SCOPE = "@moecache/moecache";

/** Tells OpenTelemetry's own log of a fault: the operations of the program go on. */
export function reportFault(error: unknown): void {
  diag.error(`${SCOPE}: what an operation did is not recorded`, error);
}
