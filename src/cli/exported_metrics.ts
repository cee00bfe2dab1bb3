/** The statistics of memcached under the names, types and labels of Prometheus' memcached_exporter. @module */

import type { Stats } from "../../mod.ts";
import { itemClasses, slabClasses, type Snapshot } from "./snapshot.ts";

type MetricType = "counter" | "gauge";
type Mapping = readonly [metric: string, type: MetricType, statistic: string];
type Labels = Readonly<Record<string, string>>;

/** From `stats`. */
const GENERAL: readonly Mapping[] = [
  ["uptime_seconds", "counter", "uptime"],
  ["time_seconds", "gauge", "time"],
  ["extstore_compact_lost_total", "counter", "extstore_compact_lost"],
  ["extstore_compact_rescued_total", "counter", "extstore_compact_rescues"],
  ["extstore_compact_skipped_total", "counter", "extstore_compact_skipped"],
  ["extstore_pages_allocated_total", "counter", "extstore_page_allocs"],
  ["extstore_pages_evicted_total", "counter", "extstore_page_evictions"],
  ["extstore_pages_reclaimed_total", "counter", "extstore_page_reclaims"],
  ["extstore_pages_free", "gauge", "extstore_pages_free"],
  ["extstore_pages_used", "gauge", "extstore_pages_used"],
  ["extstore_objects_evicted_total", "counter", "extstore_objects_evicted"],
  ["extstore_objects_read_total", "counter", "extstore_objects_read"],
  ["extstore_objects_written_total", "counter", "extstore_objects_written"],
  ["extstore_objects_used", "gauge", "extstore_objects_used"],
  ["extstore_bytes_evicted_total", "counter", "extstore_bytes_evicted"],
  ["extstore_bytes_written_total", "counter", "extstore_bytes_written"],
  ["extstore_bytes_read_total", "counter", "extstore_bytes_read"],
  ["extstore_bytes_used", "counter", "extstore_bytes_used"],
  ["extstore_bytes_fragmented", "gauge", "extstore_bytes_fragmented"],
  ["extstore_bytes_limit", "gauge", "extstore_limit_maxbytes"],
  ["extstore_io_queue_depth", "gauge", "extstore_io_queue"],
  ["proxy_conn_requests_total", "counter", "proxy_conn_requests"],
  ["proxy_conn_errors_total", "counter", "proxy_conn_errors"],
  ["proxy_conn_oom_total", "counter", "proxy_conn_oom"],
  ["proxy_req_active", "gauge", "proxy_req_active"],
  ["proxy_config_reloads_total", "counter", "proxy_config_reloads"],
  ["proxy_config_reload_fails_total", "counter", "proxy_config_reload_fails"],
  ["proxy_config_cron_runs_total", "counter", "proxy_config_cron_runs"],
  ["proxy_config_cron_fails_total", "counter", "proxy_config_cron_fails"],
  ["proxy_backend_total", "gauge", "proxy_backend_total"],
  ["proxy_backend_marked_bad_total", "counter", "proxy_backend_marked_bad"],
  ["proxy_backend_failed", "gauge", "proxy_backend_failed"],
  ["proxy_request_failed_depth_total", "counter", "proxy_request_failed_depth"],
  ["round_robin_fallback_total", "counter", "round_robin_fallback"],
  ["unexpected_napi_ids_total", "counter", "unexpected_napi_ids"],
  ["process_user_cpu_seconds_total", "counter", "rusage_user"],
  ["process_system_cpu_seconds_total", "counter", "rusage_system"],
  ["current_bytes", "gauge", "bytes"],
  ["limit_bytes", "gauge", "limit_maxbytes"],
  ["current_items", "gauge", "curr_items"],
  ["items_total", "counter", "total_items"],
  ["read_bytes_total", "counter", "bytes_read"],
  ["written_bytes_total", "counter", "bytes_written"],
  ["current_connections", "gauge", "curr_connections"],
  ["connections_total", "counter", "total_connections"],
  ["connections_rejected_total", "counter", "rejected_connections"],
  ["connections_yielded_total", "counter", "conn_yields"],
  ["connections_listener_disabled_total", "counter", "listen_disabled_num"],
  ["items_evicted_total", "counter", "evictions"],
  ["items_reclaimed_total", "counter", "reclaimed"],
  ["item_too_large_total", "counter", "store_too_large"],
  ["item_no_memory_total", "counter", "store_no_memory"],
  ["lru_crawler_starts_total", "counter", "lru_crawler_starts"],
  ["direct_reclaims_total", "counter", "direct_reclaims"],
  ["lru_crawler_items_checked_total", "counter", "crawler_items_checked"],
  ["lru_crawler_reclaimed_total", "counter", "crawler_reclaimed"],
  ["lru_crawler_moves_to_cold_total", "counter", "moves_to_cold"],
  ["lru_crawler_moves_to_warm_total", "counter", "moves_to_warm"],
  ["lru_crawler_moves_within_lru_total", "counter", "moves_within_lru"],
  ["malloced_bytes", "gauge", "total_malloced"],
  ["accepting_connections", "gauge", "accepting_conns"],
];

/** From `stats items`, for each slab class. */
const OF_ITEMS: readonly Mapping[] = [
  ["slab_current_items", "gauge", "number"],
  ["slab_items_age_seconds", "gauge", "age"],
  ["slab_items_crawler_reclaimed_total", "counter", "crawler_reclaimed"],
  ["slab_items_evicted_total", "counter", "evicted"],
  ["slab_items_evicted_nonzero_total", "counter", "evicted_nonzero"],
  ["slab_items_evicted_time_seconds", "counter", "evicted_time"],
  ["slab_items_evicted_unfetched_total", "counter", "evicted_unfetched"],
  ["slab_items_expired_unfetched_total", "counter", "expired_unfetched"],
  ["slab_items_outofmemory_total", "counter", "outofmemory"],
  ["slab_items_reclaimed_total", "counter", "reclaimed"],
  ["slab_items_tailrepairs_total", "counter", "tailrepairs"],
  ["slab_items_moves_to_cold", "counter", "moves_to_cold"],
  ["slab_items_moves_to_warm", "counter", "moves_to_warm"],
  ["slab_items_moves_within_lru", "counter", "moves_within_lru"],
  ["slab_hot_items", "gauge", "number_hot"],
  ["slab_warm_items", "gauge", "number_warm"],
  ["slab_cold_items", "gauge", "number_cold"],
  ["slab_temporary_items", "gauge", "number_temp"],
  ["slab_hot_age_seconds", "gauge", "age_hot"],
  ["slab_warm_age_seconds", "gauge", "age_warm"],
];

/** From `stats slabs`, for each slab class. */
const OF_SLABS: readonly Mapping[] = [
  ["slab_chunk_size_bytes", "gauge", "chunk_size"],
  ["slab_chunks_per_page", "gauge", "chunks_per_page"],
  ["slab_current_pages", "gauge", "total_pages"],
  ["slab_current_chunks", "gauge", "total_chunks"],
  ["slab_chunks_used", "gauge", "used_chunks"],
  ["slab_chunks_free", "gauge", "free_chunks"],
  ["slab_chunks_free_end", "gauge", "free_chunks_end"],
  ["slab_mem_requested_bytes", "gauge", "mem_requested"],
];

/** From `stats settings`. */
const OF_SETTINGS: readonly Mapping[] = [
  ["max_connections", "gauge", "maxconns"],
  ["lru_crawler_enabled", "gauge", "lru_crawler"],
  ["lru_crawler_sleep", "gauge", "lru_crawler_sleep"],
  ["lru_crawler_to_crawl", "gauge", "lru_crawler_tocrawl"],
  ["lru_crawler_maintainer_thread", "gauge", "lru_maintainer_thread"],
  ["lru_crawler_hot_percent", "gauge", "hot_lru_pct"],
  ["lru_crawler_warm_percent", "gauge", "warm_lru_pct"],
  ["lru_crawler_hot_max_factor", "gauge", "hot_max_factor"],
  ["lru_crawler_warm_max_factor", "gauge", "warm_max_factor"],
];

const COMMANDS = ["get", "delete", "incr", "decr", "cas", "touch"];
const QUEUES = { hot: "hot", warm: "warm", cold: "cold", temp: "temporary" };

/**
 * Writes the metrics of a server in Prometheus' text format.
 *
 * @param report What the server says; `undefined` for one that cannot be asked.
 */
export function exportedMetrics(report: Snapshot | undefined): string {
  const metrics = new Metrics();
  metrics.add("up", "gauge", report === undefined ? 0 : 1);
  if (report === undefined) return metrics.text();
  const { stats, settings = {}, items = {}, slabs = {} } = report;
  metrics.add("version", "gauge", 1, { version: stats.version ?? "" });
  metrics.addAll(GENERAL, stats, {});
  const maxconns = OF_SETTINGS.filter(([, , name]) => name === "maxconns");
  metrics.addAll(settings.lru_crawler === "yes" ? OF_SETTINGS : maxconns, settings, {});
  addCommands(metrics, "commands_total", stats, {});
  metrics.addStatistic(["commands_total", "counter", "cmd_flush"], stats, {
    ...{ command: "flush", status: "hit" },
  });
  for (const [slab, fields] of itemClasses(items)) {
    metrics.addAll(OF_ITEMS, fields, { slab });
    for (const [queue, lru] of Object.entries(QUEUES)) {
      metrics.addStatistic(["slab_lru_hits_total", "counter", `hits_to_${queue}`], fields, {
        ...{ slab, lru },
      });
    }
  }
  for (const [slab, fields] of slabClasses(slabs)) {
    metrics.addAll(OF_SLABS, fields, { slab });
    addCommands(metrics, "slab_commands_total", fields, { slab });
  }
  return metrics.text();
}

/** Adds the commands that a server or a slab class has counted. */
function addCommands(metrics: Metrics, metric: string, fields: Stats, labels: Labels): void {
  const add = (statistic: string, command: string, status: string) =>
    metrics.addStatistic([metric, "counter", statistic], fields, { ...labels, command, status });
  for (const command of COMMANDS) {
    add(`${command}_hits`, command, "hit");
    add(`${command}_misses`, command, "miss");
  }
  add("cas_badval", "cas", "badval");
  // memcached counts a `cas` as a `set` too, but a slab class does not count one that missed.
  const counts = ["cmd_set", "cas_hits", "cas_badval"].map((name) => Number(fields[name]));
  const [sets = NaN, hits = NaN, stale = NaN] = counts;
  const stored = sets - hits - stale - Number(fields.cas_misses ?? 0);
  if (Number.isFinite(stored)) {
    metrics.add(metric, "counter", stored, { ...labels, command: "set", status: "hit" });
  }
}

/** Samples, gathered by metric: Prometheus wants those of one metric together. */
class Metrics {
  readonly #families = new Map<string, string[]>();

  /** Adds a sample. */
  add(metric: string, type: MetricType, value: number, labels: Labels = {}): void {
    const name = `memcached_${metric}`;
    const head = [`# HELP ${name} memcached's ${metric}.`, `# TYPE ${name} ${type}`];
    const lines = this.#families.get(name) ?? head;
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    lines.push(`${name}${pairs.length === 0 ? "" : `{${pairs.join()}}`} ${value}`);
    this.#families.set(name, lines);
  }

  /** Adds a statistic, if the server has it and it is a number. */
  addStatistic([metric, type, statistic]: Mapping, fields: Stats, labels: Labels): void {
    const text = fields[statistic];
    if (text === undefined) return;
    const value = text === "yes" ? 1 : text === "no" ? 0 : Number(text);
    if (Number.isFinite(value)) this.add(metric, type, value, labels);
  }

  /** Adds every statistic of a table. */
  addAll(mappings: readonly Mapping[], fields: Stats, labels: Labels): void {
    for (const mapping of mappings) this.addStatistic(mapping, fields, labels);
  }

  /** All of them. */
  text(): string {
    return `${Array.from(this.#families.values(), (lines) => lines.join("\n")).join("\n")}\n`;
  }
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
