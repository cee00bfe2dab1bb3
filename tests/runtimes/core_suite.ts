/**
 * What is run on every runtime, workers included: the conformance bodies, on the embedded server and on real
 * memcached, the engine's fault tests, and the views.
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
import "../views/hashed_keys_test.ts";
import "../views/large_values_test.ts";
import "../views/near_cache_test.ts";
import "../views/replicas_test.ts";
import "../views/spread_test.ts";
import "../views/tagged_test.ts";
import "../views/typed_test.ts";

describeClient();
describeCommands();
describeListing();
describeTranscoders();
