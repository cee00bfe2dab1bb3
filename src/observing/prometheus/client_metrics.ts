/** What `client.metrics()` has, as metrics of Prometheus. @module */

import type { ClientMetrics } from "../../channel_contexts.ts";
import type { Exposition } from "./exposition.ts";

/** The counters that have no more labels than the client's name. */
const COUNTERS = [
  ["hits", "hits_total", "Keys that were read and had a value."],
  ["misses", "misses_total", "Keys that were read and had none."],
  ["timeouts", "timeouts_total", "Operations that took too long."],
  ["reconnects", "reconnects_total", "Connections opened after an earlier one was lost."],
  [
    "failovers",
    "failovers_total",
    "Operations that were sent to another server, or became a miss.",
  ],
  ["coalescedKeys", "coalesced_keys_total", "Keys asked for together with others."],
  ["bytesIn", "received_bytes_total", "Bytes received from servers."],
  ["bytesOut", "sent_bytes_total", "Bytes sent to servers."],
] as const;

/** Adds what a client has counted. Clients of the same name are added up. */
export function addClientMetrics(exposition: Exposition, metrics: ClientMetrics): void {
  const { client, operations, errors, latency, pending } = metrics;
  exposition.declare("operations_total", "counter", "Operations answered, by the command sent.");
  for (const [command, count] of Object.entries(operations)) {
    exposition.add("operations_total", { client, command }, count);
  }
  exposition.declare("errors_total", "counter", "Operations that failed, by the error's name.");
  for (const [error, count] of Object.entries(errors)) {
    exposition.add("errors_total", { client, error }, count);
  }
  for (const [field, name, help] of COUNTERS) {
    exposition.declare(name, "counter", help);
    exposition.add(name, { client }, metrics[field]);
  }
  exposition.declare("pending_operations", "gauge", "Operations that wait for a server now.");
  exposition.add("pending_operations", { client }, pending);
  exposition.declare(
    "request_duration_seconds",
    "histogram",
    "Time from the write of a batch of requests until its last reply.",
  );
  for (const [command, histogram] of Object.entries(latency)) {
    exposition.addHistogram("request_duration_seconds", { client, command }, histogram);
  }
}
