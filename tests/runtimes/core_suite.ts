/**
 * What is run on every runtime, workers included: the conformance bodies, on the embedded server and on real
 * memcached, and the engine's fault tests.
 *
 * @module
 */

import "../client/faults_test.ts";
import { describeClient } from "../conformance/client_conformance.ts";
import { describeCommands } from "../conformance/commands_conformance.ts";
import { describeListing } from "../conformance/listing_conformance.ts";
import { describeTranscoders } from "../conformance/transcoders_conformance.ts";
import "../connection/authenticate_test.ts";
import "../connection/connection_test.ts";
import "../connection/line_reader_test.ts";
import "../connection/server_node_test.ts";
import "../features/listing_faults_test.ts";

describeClient();
describeCommands();
describeListing();
describeTranscoders();
