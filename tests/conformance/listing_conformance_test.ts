import { MemcachedServer } from "../../src/testing/mod.ts";
import { memcachedPath, MemcachedProcess } from "../memcached.ts";
import { describeListing } from "./listing_conformance.ts";

describeListing("the embedded server", () => MemcachedServer.listen());
if (memcachedPath() !== undefined) describeListing("memcached", () => MemcachedProcess.start());
