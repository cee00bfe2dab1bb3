import { MemcachedServer } from "../../src/testing/mod.ts";
import { dialNode } from "../../src/transport/node.ts";
import { memcachedPath, MemcachedProcess } from "../support/memcached.ts";
import { describeClient } from "./client_conformance.ts";

describeClient("the embedded server", () => MemcachedServer.listen());
describeClient("the embedded server, with Node's sockets", () => MemcachedServer.listen(), {
  dial: dialNode,
});
if (memcachedPath() !== undefined) {
  describeClient("memcached", () => MemcachedProcess.start());
  describeClient("memcached, with Node's sockets", () => MemcachedProcess.start(), {
    dial: dialNode,
  });
}
