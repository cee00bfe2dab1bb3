/**
 * The tests that are run on every runtime, on the package: the conformance bodies, on the embedded server and
 * on real memcached, and the engine's fault tests.
 *
 * @module
 */

import "../client_faults_test.ts";
import "../listing_faults_test.ts";
import "../conformance/client_conformance_test.ts";
import "../conformance/commands_conformance_test.ts";
import "../conformance/listing_conformance_test.ts";
import "../conformance/transcoders_conformance_test.ts";
import "../connection/authenticate_test.ts";
import "../connection/connection_test.ts";
import "../connection/line_reader_test.ts";
import "../connection/server_node_test.ts";
