import { MemcachedServer } from "../../src/testing/mod.ts";
import { memcachedPath, MemcachedProcess } from "../memcached.ts";
import { describeCommands } from "./commands_conformance.ts";

describeCommands("the embedded server", () => MemcachedServer.listen());
if (memcachedPath() !== undefined) describeCommands("memcached", () => MemcachedProcess.start());
