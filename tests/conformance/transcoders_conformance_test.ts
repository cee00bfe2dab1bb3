import { MemcachedServer } from "../../src/testing/mod.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { describeTranscoders } from "./transcoders_conformance.ts";

describeTranscoders("the embedded server", () => MemcachedServer.listen());
if (memcachedPath() !== undefined) {
  describeTranscoders("memcached", () => MemcachedProcess.start());
}
