import { BOTH_DIALERS } from "../support/dials.ts";
import { describeClient } from "./client_conformance.ts";

describeClient(BOTH_DIALERS);
