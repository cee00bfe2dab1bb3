import { MemcachedServer } from "../../src/testing/mod.ts";
import { dialNode } from "../../src/transport/node.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { describeCommands } from "./commands_conformance.ts";

describeCommands("the embedded server", () => MemcachedServer.listen());
describeCommands("the embedded server, with Node's sockets", () => MemcachedServer.listen(), {
  dial: dialNode,
});
if (memcachedPath() !== undefined) {
  describeCommands("memcached", () => MemcachedProcess.start());
  describeCommands("memcached, with Node's sockets", () => MemcachedProcess.start(), {
    dial: dialNode,
  });
}
