/**
 * The tests that are run on every runtime, on the package: the conformance bodies, on the embedded server and
 * on real memcached, and what has to do with the network, with time or with what runtimes differ in.
 *
 * @module
 */

import { MemcachedServer } from "../../src/testing/mod.ts";
import "../client_dial_test.ts";
import "../client_faults_test.ts";
import "../conformance/authentication_conformance_test.ts";
import { describeClient } from "../conformance/client_conformance.ts";
import { describeCommands } from "../conformance/commands_conformance.ts";
import { describeListing } from "../conformance/listing_conformance.ts";
import { runProtocol } from "../conformance/protocol_steps.ts";
import { describeTranscoders } from "../conformance/transcoders_conformance.ts";
import "../connection/authenticate_test.ts";
import "../connection/connection_test.ts";
import "../connection/line_reader_test.ts";
import "../connection/server_health_test.ts";
import "../connection/server_node_test.ts";
import "../discovery/client_discovery_test.ts";
import "../discovery/discovery_loop_test.ts";
import "../discovery/dns_test.ts";
import "../discovery/elasti_cache_test.ts";
import "../failover_miss_test.ts";
import "../failover_test.ts";
import "../get_or_set_test.ts";
import "../listing_faults_test.ts";
import { memcachedPath, MemcachedProcess } from "../memcached.ts";
import "../namespace_test.ts";
import "../patterns/lock_test.ts";
import "../patterns/memoize_test.ts";
import "../patterns/once_test.ts";
import "../patterns/rate_limit_test.ts";
import "../secrets_test.ts";
import "../set_servers_test.ts";
import "../transcoding/compressed_test.ts";
import "../transport/byte_channel_test.ts";
import "../transport/node_test.ts";
import "../transport/tls_fault_test.ts";
import "../transport/tls_test.ts";
import "../update_test.ts";

Deno.test("MemcachedServer answers as memcached does", async (test) => {
  await using server = await MemcachedServer.listen();
  await runProtocol(test, server.port);
});
describeAll("the embedded server", () => MemcachedServer.listen());
if (memcachedPath() !== undefined) describeAll("memcached", () => MemcachedProcess.start());

function describeAll(kind: string, start: () => Promise<{ address: string } & AsyncDisposable>) {
  for (const describe of [describeClient, describeCommands, describeListing, describeTranscoders]) {
    describe(kind, start);
  }
}
