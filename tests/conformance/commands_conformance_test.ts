import { BOTH_DIALERS } from "../support/dials.ts";
import { describeCommands } from "./commands_conformance.ts";

describeCommands(BOTH_DIALERS);
