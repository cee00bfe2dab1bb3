import { MemcachedServer } from "../../src/testing/mod.ts";
import { memcachedPath, MemcachedProcess } from "../memcached.ts";
import { describeClient } from "./client_conformance.ts";

describeClient("the embedded server", () => MemcachedServer.listen());
if (memcachedPath() !== undefined) describeClient("memcached", () => MemcachedProcess.start());
