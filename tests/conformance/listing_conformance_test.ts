import { BOTH_DIALERS } from "../support/dials.ts";
import { describeListing } from "./listing_conformance.ts";

describeListing(BOTH_DIALERS);
