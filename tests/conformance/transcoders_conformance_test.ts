import { describeTranscoders } from "./transcoders_conformance.ts";

describeTranscoders();
