/** What memcached's `stats` say, as metrics of Prometheus. @module */

import type { Exposition, Labels, MetricType } from "./exposition.ts";

/** The statistics that do not only rise, and other names and units for them. */
const GAUGES: Readonly<Record<string, string>> = {
  bytes: "items_bytes",
  "limit_maxbytes": "limit_bytes",
  "hash_bytes": "hash_bytes",
  uptime: "uptime_seconds",
  time: "time_seconds",
  "curr_items": "items",
  "curr_connections": "connections",
  "max_connections": "connections_limit",
  threads: "threads",
  "accepting_conns": "accepting_connections",
  "listen_disabled_now": "listen_disabled",
  "connection_structures": "connection_structures",
  "reserved_fds": "reserved_fds",
  "read_buf_bytes": "read_buffer_bytes",
  "read_buf_bytes_free": "read_buffer_free_bytes",
  "read_buf_count": "read_buffers",
  "response_obj_count": "response_objects",
  "response_obj_bytes": "response_object_bytes",
  "hash_power_level": "hash_power_level",
  "hash_is_expanding": "hash_is_expanding",
  "slab_reassign_running": "slab_reassign_running",
  "slab_global_page_pool": "slab_global_page_pool",
  "lru_crawler_running": "lru_crawler_running",
  "log_watchers": "log_watchers",
  "extstore_pages_free": "extstore_free_pages",
  "extstore_pages_used": "extstore_used_pages",
  "extstore_objects_used": "extstore_used_objects",
  "extstore_bytes_used": "extstore_used_bytes",
  "extstore_bytes_fragmented": "extstore_fragmented_bytes",
  "extstore_limit_maxbytes": "extstore_limit_bytes",
  "extstore_io_queue": "extstore_io_queue",
  "proxy_req_active": "proxy_active_requests",
};

/** The counters whose names do not say what they count in the usual words. */
const COUNTERS: Readonly<Record<string, string>> = {
  "bytes_read": "read_bytes_total",
  "bytes_written": "written_bytes_total",
  "rusage_user": "user_cpu_seconds_total",
  "rusage_system": "system_cpu_seconds_total",
  "total_items": "stored_items_total",
  "total_connections": "accepted_connections_total",
};

/** Numbers that are no quantity, or not in the units of Prometheus. */
const IGNORED: readonly string[] = ["pid", "pointer_size", "time_in_listen_disabled_us"];

/** What is the same for as long as a server runs, and what it is called as a label. */
const INFO: readonly string[] = ["version", "libevent"];

/** A number as memcached writes it. */
const NUMBER = /^\d+(?:\.\d+)?$/;
/** What a statistic is called that can be a part of a name. */
const NAME = /^[a-z][a-z0-9_]*$/;

/**
 * Adds the statistics of a server.
 *
 * @param labels Says which server.
 */
export function addServerStats(
  exposition: Exposition,
  labels: Labels,
  stats: Readonly<Record<string, string>>,
): void {
  for (const [stat, value] of Object.entries(stats)) {
    if (!NUMBER.test(value) || !NAME.test(stat) || IGNORED.includes(stat)) continue;
    const { name, type } = metricOf(stat);
    exposition.declare(name, type, `The statistic ${stat} of memcached.`);
    exposition.set(name, labels, Number(value));
  }
  const info = INFO.flatMap((name) => stats[name] === undefined ? [] : [[name, stats[name]]]);
  if (info.length === 0) return;
  exposition.declare("server_info", "gauge", "The versions that a server tells; always 1.");
  exposition.set("server_info", { ...labels, ...Object.fromEntries(info) }, 1);
}

function metricOf(stat: string): { name: string; type: MetricType } {
  const gauge = Object.hasOwn(GAUGES, stat) ? GAUGES[stat] : undefined;
  if (gauge !== undefined) return { name: `server_${gauge}`, type: "gauge" };
  const counter = Object.hasOwn(COUNTERS, stat) ? COUNTERS[stat] : `${stat}_total`;
  return { name: `server_${counter}`, type: "counter" };
}
