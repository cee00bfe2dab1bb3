/**
 * What `stats` and its subcommands report: the lines of memcached 1.6.18 in their order. What does
 * not exist in this server (threads, slabs, the LRU's segments and its crawler) is reported as
 * memcached does when there is none of it, mostly as 0.
 *
 * @module
 */

import { type Item, weigh } from "./item.ts";
import type { ServerState } from "./server_state.ts";
import { type SlabClass, slabClasses } from "./slab_classes.ts";
import type { CounterName } from "./statistics.ts";
import { VERSION } from "./version.ts";

/** One line: a name and its value. */
export type Stat = readonly [name: string, value: string | number];

/** memcached's default for `-c`. This server turns nobody away. */
const MAX_CONNECTIONS = 1024;

const COMMAND_COUNTERS: readonly CounterName[] = [
  "cmd_get",
  "cmd_set",
  "cmd_flush",
  "cmd_touch",
  "cmd_meta",
  "get_hits",
  "get_misses",
  "get_expired",
  "get_flushed",
  "delete_misses",
  "delete_hits",
  "incr_misses",
  "incr_hits",
  "decr_misses",
  "decr_hits",
  "cas_misses",
  "cas_hits",
  "cas_badval",
  "touch_hits",
  "touch_misses",
  "store_too_large",
  "store_no_memory",
];

const BUFFERS = [
  "response_obj_oom",
  "response_obj_count",
  "response_obj_bytes",
  "read_buf_count",
  "read_buf_bytes",
  "read_buf_bytes_free",
  "read_buf_oom",
  "reserved_fds",
];

const MACHINERY = [
  "conn_yields",
  "hash_power_level",
  "hash_bytes",
  "hash_is_expanding",
  "slab_reassign_rescues",
  "slab_reassign_chunk_rescues",
  "slab_reassign_evictions_nomem",
  "slab_reassign_inline_reclaim",
  "slab_reassign_busy_items",
  "slab_reassign_busy_deletes",
  "slab_reassign_running",
  "slabs_moved",
  "lru_crawler_running",
  "lru_crawler_starts",
  "lru_maintainer_juggles",
  "malloc_fails",
  "log_worker_dropped",
  "log_worker_written",
  "log_watcher_skipped",
  "log_watcher_sent",
  "log_watchers",
  "unexpected_napi_ids",
  "round_robin_fallback",
];

const LRU_MACHINERY = [
  "crawler_reclaimed",
  "crawler_items_checked",
  "lrutail_reflocked",
  "moves_to_cold",
  "moves_to_warm",
  "moves_within_lru",
  "direct_reclaims",
];

const LRU_HITS = ["hits_to_hot", "hits_to_warm", "hits_to_cold", "hits_to_temp"];

const EVICTIONS_BY_CLASS = [
  "evicted",
  "evicted_nonzero",
  "evicted_time",
  "outofmemory",
  "tailrepairs",
  "reclaimed",
  "expired_unfetched",
  "evicted_unfetched",
  "evicted_active",
];

const COMMANDS_BY_CLASS = [
  "get_hits",
  "cmd_set",
  "delete_hits",
  "incr_hits",
  "decr_hits",
  "cas_hits",
  "cas_badval",
  "touch_hits",
];

/** `stats` */
export function* generalStats(state: ServerState): Generator<Stat> {
  yield* processStats(state);
  yield* counters(state, COMMAND_COUNTERS);
  yield* zeros(["auth_cmds", "auth_errors"]);
  yield* counters(state, ["bytes_read", "bytes_written"]);
  yield ["limit_maxbytes", state.store.memoryLimit];
  yield ["accepting_conns", 1];
  yield* zeros(["listen_disabled_num", "time_in_listen_disabled_us"]);
  yield ["threads", 1];
  yield* zeros(MACHINERY);
  yield* storeStats(state);
}

/** `stats items` */
export function* itemStats({ store }: ServerState): Generator<Stat> {
  for (const slabClass of slabClasses(store.items(), store.maxItemSize)) {
    for (const [name, value] of itemClassStats(slabClass, store.time)) {
      yield [`items:${slabClass.id}:${name}`, value];
    }
  }
}

/** `stats slabs` */
export function* slabStats({ store }: ServerState): Generator<Stat> {
  const classes = slabClasses(store.items(), store.maxItemSize);
  for (const slabClass of classes) {
    for (const [name, value] of slabClassStats(slabClass, store.maxItemSize)) {
      yield [`${slabClass.id}:${name}`, value];
    }
  }
  yield ["active_slabs", classes.length];
  yield ["total_malloced", store.byteLength];
}

/** `stats settings` */
export function* settingStats({ store, statistics, ...state }: ServerState): Generator<Stat> {
  yield ["maxbytes", store.memoryLimit];
  yield ["maxconns", MAX_CONNECTIONS];
  yield ["tcpport", state.port];
  yield ["udpport", 0];
  yield ["inter", state.hostname];
  yield ["verbosity", state.verbosity];
  yield ["oldest", Math.max(0, (store.flushTime ?? 0) - state.startTime)];
  yield ["evictions", "on"];
  yield ["domain_socket", "NULL"];
  yield ["num_threads", 1];
  yield ["stat_key_prefix", ":"];
  yield ["detail_enabled", statistics.detailEnabled ? "yes" : "no"];
  yield ["cas_enabled", "yes"];
  yield ["binding_protocol", "ascii"];
  yield ["auth_enabled_sasl", "no"];
  yield ["auth_enabled_ascii", state.gatekeeper === undefined ? "no" : "yes"];
  yield ["item_size_max", store.maxItemSize];
  yield ["flush_enabled", "yes"];
  yield ["dump_enabled", "no"];
  yield ["idle_timeout", 0];
}

/** `stats conns` */
export function* connectionStats(state: ServerState): Generator<Stat> {
  const { hostname, port, store } = state;
  for (const { id, peer, lastCommandTime } of state.connections()) {
    yield [`${id}:addr`, `tcp:${peer}`];
    yield [`${id}:listen_addr`, `tcp:${hostname}:${port}`];
    yield [`${id}:state`, "conn_parse_cmd"];
    yield [`${id}:secs_since_last_cmd`, store.time - lastCommandTime];
  }
}

function* processStats(state: ServerState): Generator<Stat> {
  const connections = [...state.connections()].length;
  yield ["pid", state.pid];
  yield ["uptime", state.store.time - state.startTime];
  yield ["time", state.store.time];
  yield ["version", VERSION];
  yield ["libevent", "none"];
  yield ["pointer_size", 64];
  yield ["rusage_user", "0.000000"];
  yield ["rusage_system", "0.000000"];
  yield ["max_connections", MAX_CONNECTIONS];
  yield ["curr_connections", connections];
  yield* counters(state, ["total_connections"]);
  yield* zeros(["rejected_connections"]);
  yield ["connection_structures", connections];
  yield* zeros(BUFFERS);
}

function* storeStats(state: ServerState): Generator<Stat> {
  yield ["bytes", state.store.byteLength];
  yield ["curr_items", state.store.itemCount];
  yield* counters(state, ["total_items"]);
  yield* zeros(["slab_global_page_pool"]);
  yield* counters(state, ["expired_unfetched", "evicted_unfetched"]);
  yield* zeros(["evicted_active"]);
  yield* counters(state, ["evictions", "reclaimed"]);
  yield* zeros([...LRU_MACHINERY, "lru_bumps_dropped"]);
}

function* itemClassStats({ items }: SlabClass, now: number): Generator<Stat> {
  yield ["number", items.length];
  yield* zeros(["number_hot", "number_warm"]);
  yield ["number_cold", items.length];
  yield* zeros(["age_hot", "age_warm"]);
  yield ["age", oldestAge(items, now)];
  yield ["mem_requested", totalWeight(items)];
  yield* zeros([...EVICTIONS_BY_CLASS, ...LRU_MACHINERY, ...LRU_HITS]);
}

function* slabClassStats({ chunkSize, items }: SlabClass, pageSize: number): Generator<Stat> {
  const chunksPerPage = Math.floor(pageSize / chunkSize);
  const pages = Math.ceil(items.length / chunksPerPage);
  yield ["chunk_size", chunkSize];
  yield ["chunks_per_page", chunksPerPage];
  yield ["total_pages", pages];
  yield ["total_chunks", pages * chunksPerPage];
  yield ["used_chunks", items.length];
  yield ["free_chunks", pages * chunksPerPage - items.length];
  yield* zeros(["free_chunks_end", ...COMMANDS_BY_CLASS]);
}

function oldestAge(items: readonly Readonly<Item>[], now: number): number {
  return items.reduce((age, item) => Math.max(age, now - item.lastAccess), 0);
}

function totalWeight(items: readonly Readonly<Item>[]): number {
  return items.reduce((total, item) => total + weigh(item), 0);
}

function* counters({ statistics }: ServerState, names: readonly CounterName[]): Generator<Stat> {
  for (const name of names) yield [name, statistics.get(name)];
}

function* zeros(names: readonly string[]): Generator<Stat> {
  for (const name of names) yield [name, 0];
}
