/**
 * The tests that are run, on the package, on every runtime that has processes and files: the core, and what
 * else has to do with the network, with time or with what runtimes differ in.
 *
 * @module
 */

import { MemcachedServer } from "../../src/testing/mod.ts";
import "../adapters/memcached_test.ts";
import "../adapters/memjs_test.ts";
import "../client/dial_test.ts";
import "../conformance/authentication_conformance_test.ts";
import { runProtocol } from "../conformance/protocol_steps.ts";
import "../connection/decoding_test.ts";
import "../connection/fake_timers_test.ts";
import "../connection/idle_connections_test.ts";
import "../connection/max_sockets_test.ts";
import "../connection/probe_test.ts";
import "../connection/server_health_test.ts";
import "../connection/stall_test.ts";
import "../connection/stall_timer_test.ts";
import "../discovery/client_discovery_test.ts";
import "../discovery/discovery_loop_test.ts";
import "../discovery/dns_test.ts";
import "../discovery/elasti_cache_test.ts";
import "../fleet/failover_miss_test.ts";
import "../fleet/failover_test.ts";
import "../features/cas_life_test.ts";
import "../features/get_or_set_test.ts";
import "../features/namespace_test.ts";
import "../features/nested_loads_test.ts";
import "../features/same_type_test.ts";
import "../features/server_commands_test.ts";
import "../features/stub_test.ts";
import "../observing/channels_test.ts";
import "../observing/debug_test.ts";
import "../observing/prometheus_test.ts";
import "../patterns/lock_test.ts";
import "../patterns/memoize_test.ts";
import "../patterns/once_test.ts";
import "../patterns/rate_limit_test.ts";
import "../client/secrets_test.ts";
import "../fleet/set_servers_test.ts";
import "../transcoding/compressed_test.ts";
import "../transport/bun_test.ts";
import "../transport/byte_channel_test.ts";
import "../transport/collected_signals_test.ts";
import "../transport/node_addresses_test.ts";
import "../transport/node_test.ts";
import "../transport/runtime_test.ts";
import "../transport/tls_fault_test.ts";
import "../transport/tls_test.ts";
import "../features/update_test.ts";
import "../views/compositions_test.ts";
import "../views/views_chaos_test.ts";
import "./core_suite.ts";

Deno.test("MemcachedServer answers as memcached does", async (test) => {
  await using server = await MemcachedServer.listen();
  await runProtocol(test, server.port);
});
