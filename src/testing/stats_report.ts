/**
 * The reports of `stats` and its subcommands: the lines of memcached 1.6.18, in their order. Counters of parts that
 * this server does not have are 0: threads, movable slab pages, LRU segments, and a crawler that runs in the
 * background.
 *
 * @module
 */

import { MAX_SLAB_CLASSES, type SlabClassContent } from "./items/item_sizes.ts";
import type { ServerState } from "./server_state.ts";
import type { ClassCounterName, CounterName } from "./statistics.ts";

/** One line: a name and a value. */
export type Stat = readonly [name: string, value: string | number];

/** A counter in the order of `stats`: one of the server, or a sum over all slab classes. */
type Total = readonly [name: CounterName] | readonly [name: string, of: ClassCounterName];

const COMMAND_TOTALS: readonly Total[] = [
  ["cmd_get"],
  ["cmd_set", "cmd_set"],
  ["cmd_flush"],
  ["cmd_touch"],
  ["cmd_meta"],
  ["get_hits", "get_hits"],
  ["get_misses"],
  ["get_expired"],
  ["get_flushed"],
  ["delete_misses"],
  ["delete_hits", "delete_hits"],
  ["incr_misses"],
  ["incr_hits", "incr_hits"],
  ["decr_misses"],
  ["decr_hits", "decr_hits"],
  ["cas_misses"],
  ["cas_hits", "cas_hits"],
  ["cas_badval", "cas_badval"],
  ["touch_hits", "touch_hits"],
  ["touch_misses"],
  ["store_too_large"],
  ["store_no_memory"],
  ["auth_cmds"],
  ["auth_errors"],
];

const STORE_TOTALS: readonly Total[] = [
  ["expired_unfetched", "expired_unfetched"],
  ["evicted_unfetched", "evicted_unfetched"],
];

const EVICTION_TOTALS: readonly Total[] = [["evictions", "evicted"], ["reclaimed", "reclaimed"]];

const SLAB_MOVES = [
  "slab_reassign_rescues",
  "slab_reassign_chunk_rescues",
  "slab_reassign_evictions_nomem",
  "slab_reassign_inline_reclaim",
  "slab_reassign_busy_items",
  "slab_reassign_busy_deletes",
  "slab_reassign_running",
  "slabs_moved",
];

const LRU_MOVES = ["lrutail_reflocked", "moves_to_cold", "moves_to_warm", "moves_within_lru"];

const COMMANDS_BY_CLASS: readonly ClassCounterName[] = [
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
  yield* connectionTotals(state);
  yield* totals(state, COMMAND_TOTALS);
  if (Number.isFinite(state.idleTimeout)) yield* totals(state, [["idle_kicks"]]);
  yield* totals(state, [["bytes_read"], ["bytes_written"]]);
  yield ["limit_maxbytes", state.store.memoryLimit];
  yield ["accepting_conns", 1];
  yield* zeros(["listen_disabled_num", "time_in_listen_disabled_us"]);
  yield ["threads", 1];
  yield* machineryStats(state);
  yield* storeStats(state);
}

/** `stats items` */
export function* itemStats(state: ServerState): Generator<Stat> {
  const oldest = oldestAccesses(state);
  for (const slabClass of state.store.classes.contents()) {
    const age = state.store.clock.time - (oldest[slabClass.id] ?? 0);
    for (const [name, value] of itemClassStats(state, slabClass, age)) {
      yield [`items:${slabClass.id}:${name}`, value];
    }
  }
}

/** `stats slabs` */
export function* slabStats(state: ServerState): Generator<Stat> {
  const classes = state.store.classes.contents();
  for (const slabClass of classes) {
    for (const [name, value] of slabClassStats(state, slabClass)) {
      yield [`${slabClass.id}:${name}`, value];
    }
  }
  yield ["active_slabs", classes.length];
  yield ["total_malloced", state.store.memory.byteLength];
}

/** `stats settings` */
export function* settingStats({ store, statistics, ...state }: ServerState): Generator<Stat> {
  yield ["maxbytes", store.memoryLimit];
  yield ["maxconns", limit(state.maxConnections)];
  yield ["tcpport", state.port];
  yield ["udpport", 0];
  yield ["inter", state.hostname || "NULL"];
  yield ["verbosity", state.verbosity];
  yield ["oldest", Math.max(0, (store.flushTime ?? 0) - state.startTime)];
  yield ["evictions", store.evictions ? "on" : "off"];
  yield ["domain_socket", state.path ?? "NULL"];
  yield ["num_threads", 1];
  yield ["stat_key_prefix", ":"];
  yield ["detail_enabled", statistics.detailEnabled ? "yes" : "no"];
  yield ["cas_enabled", "yes"];
  yield ["binding_protocol", "ascii"];
  yield ["auth_enabled_sasl", "no"];
  yield ["auth_enabled_ascii", state.gatekeeper === undefined ? "no" : "yes"];
  yield ["item_size_max", store.maxItemSize];
  yield ["flush_enabled", "yes"];
  yield ["dump_enabled", "yes"];
  yield ["idle_timeout", Number.isFinite(state.idleTimeout) ? state.idleTimeout / 1000 : 0];
}

/** `stats conns` */
export function* connectionStats(state: ServerState): Generator<Stat> {
  for (const { id, peer, lastCommandTime } of state.connections()) {
    yield [`${id}:addr`, peer];
    yield [`${id}:listen_addr`, state.address];
    yield [`${id}:state`, "conn_parse_cmd"];
    yield [`${id}:secs_since_last_cmd`, state.store.clock.time - lastCommandTime];
  }
}

function* processStats(state: ServerState): Generator<Stat> {
  const { user, system } = cpuUsage();
  yield ["pid", state.pid];
  yield ["uptime", state.store.clock.time - state.startTime];
  yield ["time", state.store.clock.time];
  yield ["version", state.dialect.version];
  yield ["libevent", "none"];
  yield ["pointer_size", 64];
  yield ["rusage_user", (user / 1e6).toFixed(6)];
  yield ["rusage_system", (system / 1e6).toFixed(6)];
}

/** The CPU time of this process in microseconds, if the runtime provides it. */
function cpuUsage(): { readonly user: number; readonly system: number } {
  const { process } = globalThis as { process?: { cpuUsage?: typeof cpuUsage } };
  return process?.cpuUsage?.() ?? { user: 0, system: 0 };
}

function* connectionTotals(state: ServerState): Generator<Stat> {
  const connections = [...state.connections()].length;
  yield ["max_connections", limit(state.maxConnections)];
  yield ["curr_connections", connections];
  yield* totals(state, [["total_connections"], ["rejected_connections"]]);
  yield ["connection_structures", connections];
  yield* zeros(["response_obj_oom", "response_obj_count", "response_obj_bytes"]);
  yield ["read_buf_count", state.buffers.count];
  yield ["read_buf_bytes", state.buffers.byteLength];
  yield ["read_buf_bytes_free", state.buffers.freeByteLength];
  yield* zeros(["read_buf_oom", "reserved_fds"]);
}

function* machineryStats(state: ServerState): Generator<Stat> {
  const { store: { memory: { table } }, events: { lines, watcherCount } } = state;
  yield* zeros(["conn_yields"]);
  yield ["hash_power_level", Math.log2(table.length)];
  yield ["hash_bytes", table.byteLength];
  yield* zeros(["hash_is_expanding", ...SLAB_MOVES]);
  yield ["lru_crawler_running", state.crawlersRunning];
  yield* totals(state, [["lru_crawler_starts"]]);
  yield* zeros(["lru_maintainer_juggles", "malloc_fails", "log_worker_dropped"]);
  yield ["log_worker_written", lines.written];
  yield ["log_watcher_skipped", lines.skipped];
  yield ["log_watcher_sent", lines.sent];
  yield ["log_watchers", watcherCount];
  yield* zeros(["unexpected_napi_ids", "round_robin_fallback"]);
}

function* storeStats(state: ServerState): Generator<Stat> {
  yield ["bytes", state.store.byteLength];
  yield ["curr_items", state.store.itemCount];
  yield* totals(state, [["total_items"]]);
  yield* zeros(["slab_global_page_pool"]);
  yield* totals(state, STORE_TOTALS);
  // A used item becomes the last to be evicted at once, so items in use are never evicted.
  yield* zeros(["evicted_active"]);
  yield* totals(state, EVICTION_TOTALS);
  yield* zeros(["crawler_reclaimed"]);
  yield* totals(state, [["crawler_items_checked", "crawler_items_checked"]]);
  yield* zeros(LRU_MOVES);
  yield* totals(state, [["direct_reclaims", "direct_reclaims"]]);
  yield* zeros(["lru_bumps_dropped"]);
}

/** The last use of the least recently used item, by slab class. */
function oldestAccesses({ store }: ServerState): Float64Array {
  const oldest = new Float64Array(MAX_SLAB_CLASSES).fill(Infinity);
  for (const { slabClass, lastAccess } of store.memory.fromNewest()) {
    oldest[slabClass] = Math.min(oldest[slabClass] ?? Infinity, lastAccess);
  }
  return oldest;
}

function* itemClassStats(
  { statistics }: ServerState,
  { id, itemCount, byteLength }: SlabClassContent,
  age: number,
): Generator<Stat> {
  const count = (name: ClassCounterName): Stat => [name, statistics.getIn(id, name)];
  yield ["number", itemCount];
  yield* zeros(["number_hot", "number_warm"]);
  yield ["number_cold", itemCount];
  yield* zeros(["age_hot", "age_warm"]);
  yield ["age", age];
  yield ["mem_requested", byteLength];
  yield* [count("evicted"), count("evicted_nonzero"), count("evicted_time"), count("outofmemory")];
  yield* zeros(["tailrepairs"]);
  yield* [count("reclaimed"), count("expired_unfetched"), count("evicted_unfetched")];
  yield* zeros(["evicted_active", "crawler_reclaimed"]);
  yield count("crawler_items_checked");
  yield* zeros(LRU_MOVES);
  yield count("direct_reclaims");
  yield* zeros(["hits_to_hot", "hits_to_warm"]);
  yield ["hits_to_cold", statistics.getIn(id, "get_hits")];
  yield* zeros(["hits_to_temp"]);
}

function* slabClassStats(
  { store, statistics }: ServerState,
  { id, chunkSize, itemCount }: SlabClassContent,
): Generator<Stat> {
  const chunksPerPage = Math.floor(store.maxItemSize / chunkSize);
  const pages = Math.ceil(itemCount / chunksPerPage);
  yield ["chunk_size", chunkSize];
  yield ["chunks_per_page", chunksPerPage];
  yield ["total_pages", pages];
  yield ["total_chunks", pages * chunksPerPage];
  yield ["used_chunks", itemCount];
  yield ["free_chunks", pages * chunksPerPage - itemCount];
  yield* zeros(["free_chunks_end"]);
  for (const name of COMMANDS_BY_CLASS) yield [name, statistics.getIn(id, name)];
}

/** memcached always has a limit, and prints it as a signed 32-bit number. */
function limit(connections: number): number {
  return Math.min(connections, 2 ** 31 - 1);
}

function* totals({ statistics }: ServerState, all: readonly Total[]): Generator<Stat> {
  for (const total of all) {
    const [name] = total;
    yield [name, total.length === 1 ? statistics.get(total[0]) : statistics.sum(total[1])];
  }
}

function* zeros(names: readonly string[]): Generator<Stat> {
  for (const name of names) yield [name, 0];
}
